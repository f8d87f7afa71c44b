// @signpdf, as its documentation shows: a placeholder laid into the file's bytes, then the PKCS#12 signer.
import { createInterface } from "node:readline";
import { readFileSync, writeFileSync } from "node:fs";
import signpdf from "@signpdf/signpdf";
import { P12Signer } from "@signpdf/signer-p12";
import { plainAddPlaceholder } from "@signpdf/placeholder-plain";

const { SignPdf } = signpdf;
let told;
let pdf;
let p12;
let number = 0;

async function act() {
  number += 1;
  const prepared = plainAddPlaceholder({
    pdfBuffer: pdf,
    reason: `メールと登録コードで認証し同意 (封筒 E-${String(number).padStart(8, "0")})`,
    contactInfo: "",
    name: "見本 花子",
    location: "",
    subFilter: "ETSI.CAdES.detached",
  });
  // A signer uses up its PKCS#12 as it reads, so that each document needs one of its own.
  return new SignPdf().sign(prepared, new P12Signer(p12, { passphrase: told.passphrase }));
}

function peak() {
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.acts === undefined) {
    told = asked;
    pdf = readFileSync(told.file);
    p12 = readFileSync(told.p12);
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
