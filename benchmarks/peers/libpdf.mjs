// @libpdf/core, as its documentation shows: the PKCS#12 opened once, PDF.load and pdf.sign for each document.
import { createInterface } from "node:readline";
import { readFileSync, writeFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import { HttpTimestampAuthority, P12Signer, PDF } from "@libpdf/core";

let told;
let pdf;
let signer;
let number = 0;

// Answers that lie in a cache already, by the certificate that is asked about: nothing is fetched.
function cachedAnswers() {
  const known = new Map();
  for (const stem of ["seal", "tsa"]) {
    const certificate = new X509Certificate(readFileSync(told.certificates[stem]));
    known.set(certificate.raw.toString("hex"), new Uint8Array(readFileSync(told.ocsp[stem])));
  }
  return {
    getOCSP: async (certificate) => known.get(Buffer.from(certificate).toString("hex")) ?? null,
    getCRL: async () => null,
  };
}

async function act() {
  number += 1;
  const document = await PDF.load(pdf);
  const options = { signer, level: told.level, reason: `メールと登録コードで認証し同意 (封筒 E-${String(number).padStart(8, "0")})` };
  if (told.level !== "B-B") options.timestampAuthority = new HttpTimestampAuthority(told.tsa);
  if (told.level === "B-LTA") options.revocationProvider = cachedAnswers();
  const { bytes } = await document.sign(options);
  return bytes;
}

function peak() {
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.acts === undefined) {
    told = asked;
    pdf = new Uint8Array(readFileSync(told.file));
    signer = await P12Signer.create(new Uint8Array(readFileSync(told.p12)), told.passphrase);
    console.log("{}");
    continue;
  }
  let bytes;
  const before = process.cpuUsage();
  for (let place = 0; place < asked.acts; place += 1) bytes = await act();
  const spent = process.cpuUsage(before);
  writeFileSync(told.output, bytes);
  console.log(JSON.stringify({ seconds: (spent.user + spent.system) / 1e6, peak: peak() }));
}
