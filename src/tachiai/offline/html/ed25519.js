/* Ed25519 (RFC 8032, 5.1.7), for browsers whose WebCrypto does not have it yet. Only verification: nothing here is secret,
 * so it need not run in constant time. */

const ED_P = 2n ** 255n - 19n;
const ED_L = 2n ** 252n + 27742317777372353535851937790883648493n;
const ED_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const ED_ROOT = 19681161376707505956807079304988542015446066515923890162744021073123829784752n; // the square root of -1

const edMod = (value) => ((value % ED_P) + ED_P) % ED_P;

function edPower(base, exponent, modulus = ED_P) {
  let result = 1n;
  for (let rest = exponent, square = base % modulus; rest; rest >>= 1n, square = (square * square) % modulus) {
    if (rest & 1n) result = (result * square) % modulus;
  }
  return result;
}

const littleEndian = (bytes) => BigInt("0x" + hexOf(Uint8Array.from(bytes).reverse()));

/** A point in extended coordinates (X, Y, Z, T), or null where the bytes are no point. */
function edPoint(bytes) {
  const y = littleEndian(bytes) & ((1n << 255n) - 1n);
  if (y >= ED_P) return null;
  const [top, bottom] = [edMod(y * y - 1n), edMod(ED_D * y * y + 1n)];
  let x = edMod(top * bottom ** 3n * edPower(edMod(top * bottom ** 7n), (ED_P - 5n) / 8n));
  if (edMod(bottom * x * x) !== top) x = edMod(x * ED_ROOT);
  if (edMod(bottom * x * x) !== top) return null;
  const odd = BigInt(bytes[31] >> 7);
  if (x === 0n && odd) return null;
  if ((x & 1n) !== odd) x = ED_P - x;
  return [x, y, 1n, edMod(x * y)];
}

function edAdd([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = edMod((y1 - x1) * (y2 - x2));
  const b = edMod((y1 + x1) * (y2 + x2));
  const c = edMod(2n * t1 * t2 * ED_D);
  const d = edMod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [edMod(e * f), edMod(g * h), edMod(f * g), edMod(e * h)];
}

function edTimes(factor, point) {
  let result = [0n, 1n, 1n, 0n];
  for (let rest = factor, double = point; rest; rest >>= 1n, double = edAdd(double, double)) {
    if (rest & 1n) result = edAdd(result, double);
  }
  return result;
}

const ED_BASE = edPoint(fromHex("58" + "66".repeat(31)));

async function verifyEd25519ByHand(key, signature, message) {
  const [point, commitment] = [edPoint(key), edPoint(signature.subarray(0, 32))];
  const answer = littleEndian(signature.subarray(32));
  if (!point || !commitment || answer >= ED_L) return false;
  const challenge = littleEndian(await digestOf(concat(signature.subarray(0, 32), key, message), "SHA-512")) % ED_L;
  const [x1, y1, z1] = edTimes(answer, ED_BASE);
  const [x2, y2, z2] = edAdd(commitment, edTimes(challenge, point));
  return edMod(x1 * z2 - x2 * z1) === 0n && edMod(y1 * z2 - y2 * z1) === 0n;
}

/** Whether `signature` (64 bytes) was made over `message` by `key` (32 bytes). */
async function verifyEd25519(key, signature, message) {
  if (key.length !== 32 || signature.length !== 64) return false;
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch {
    return verifyEd25519ByHand(key, signature, message);
  }
}
