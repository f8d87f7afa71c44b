/* The Merkle tree of RFC 6962, 2.1: leaves, nodes, and the proofs about them. */

const leafHash = (entry) => digestOf(concat(Uint8Array.of(0), entry));
const nodeHash = (left, right) => digestOf(concat(Uint8Array.of(1), left, right));

/** What a step up a path needs: where the node stands, where the last of its level does, and whether a neighbour is at its left. */
class Climb {
  constructor(index, size) {
    [this.place, this.last] = [index, size - 1];
  }

  get atTop() {
    return this.last === 0;
  }

  /** Goes up one level. Says whether the neighbour stood at the left. */
  step() {
    const left = this.place % 2 === 1 || this.place === this.last;
    if (left) while (this.place && this.place % 2 === 0) this.halve();
    this.halve();
    return left;
  }

  halve() {
    [this.place, this.last] = [Math.floor(this.place / 2), Math.floor(this.last / 2)];
  }
}

/** Whether the leaf at `index` of a tree of this size and root is `leaf` (RFC 9162, 2.1.3.2). */
async function isIncluded(leaf, index, size, path, root) {
  if (index >= size) return false;
  const climb = new Climb(index, size);
  let running = leaf;
  for (const node of path) {
    if (climb.atTop) return false;
    running = climb.step() ? await nodeHash(node, running) : await nodeHash(running, node);
  }
  return climb.atTop && sameBytes(running, root);
}

/** Whether the tree of `second` and `now` begins with that of `first` and `old` (RFC 9162, 2.1.4.2). */
async function isConsistent(first, old, second, now, path) {
  if (first === second) return path.length === 0 && sameBytes(old, now);
  if (first > second) return false;
  if (first === 0) return path.length === 0 && sameBytes(old, await digestOf(new Uint8Array()));
  if (!path.length) return false;
  // A whole power of two is a node of the later tree, so the proof does not repeat it.
  const nodes = Number.isInteger(Math.log2(first)) ? [old, ...path] : path;
  const climb = new Climb(first - 1, second);
  while (climb.place % 2) climb.halve();
  let [one, two] = [nodes[0], nodes[0]];
  for (const node of nodes.slice(1)) {
    if (climb.atTop) return false;
    if (climb.step()) [one, two] = [await nodeHash(node, one), await nodeHash(node, two)];
    else two = await nodeHash(two, node);
  }
  return climb.atTop && sameBytes(one, old) && sameBytes(two, now);
}
