/* What the page says, Japanese first. `CHECK_WORDS`, `STATE_WORDS`, `VERDICT_WORDS`, `PROBLEM_WORDS`, `UNCHECKED_WORDS` and `BLIND_WORDS` are put before
 * this file by the build: they are those of tachiai_verify.py, so that both verifiers speak alike. */

const WORDS = {
  title: ["証拠一式の検証", "Verify an evidence bundle"],
  brand: ["証拠一式の検証", "Evidence verifier"],
  skip: ["本文へ移動", "Skip to the content"],
  lead: [
    "締結済みの契約の証拠一式（ZIP）が本物か、改ざんされていないかを確かめます。",
    "Check whether the evidence bundle (ZIP) of a concluded contract is genuine and unaltered.",
  ],
  promise: [
    "検証はこの画面の中だけで行います。ファイルはどこにも送信されず、インターネット接続も要りません。",
    "Everything happens on this page. Nothing is sent anywhere, and no connection is needed.",
  ],
  file: ["証拠一式のファイル", "Evidence bundle"],
  must: ["※必須", "(required)"],
  optional: ["※任意", "(optional)"],
  fileSupport: ["ZIP・1,000 MBまで。展開せずにそのまま選んでください。", "ZIP, up to 1,000 MB. Choose it as it is, without unpacking."],
  drop: ["ここにファイルをドロップするか、下のボタンから選んでください", "Drop the file here, or choose it below"],
  chosen: ["選択中：", "Chosen: "],
  more: ["さらに確かめる（お手元のメールや公表された値との照合）", "Check more (compare with your mail and with published values)"],
  moreLead: [
    "証拠一式の外から得た値と照合すると、運営者による書換えも見つけられます。",
    "Compared with values from outside the bundle, even a rewrite by the operator would show.",
  ],
  checkpoint: ["締結完了メールのチェックポイント", "Checkpoint from the completion mail"],
  checkpointSupport: [
    "「/log/e1」などで終わる行から「—」で始まる行までを、そのまま貼り付けてください。メールの本文全体でも構いません。",
    "Paste the lines from the one that ends in “/log/e1” or the like down to the one that begins with “—”. The whole mail will do as well.",
  ],
  logKey: ["台帳の鍵", "Key of the log"],
  logKeySupport: ["運営者が公表している1行です。", "The line that the operator publishes."],
  roots: ["信頼するルート証明書", "Roots that you trust"],
  rootsSupport: [
    "認証局・時刻認証局が公表するPEM形式の証明書です。入力すると、これ以外のルート証明書は信頼しません。",
    "Certificates in PEM, as the authorities publish them. If you give any, no other root is trusted.",
  ],
  run: ["検証する", "Verify"],
  running: ["検証しています…", "Verifying…"],
  needFile: ["証拠一式のファイルを選んでください。", "Choose the evidence bundle."],
  badCheckpoint: [
    "チェックポイントが見つかりません。改行と空行を含めて、そのまま貼り付けてください。",
    "No checkpoint is in this text. Paste it as it is, with its line breaks and the empty line.",
  ],
  badLogKey: ["台帳の鍵として読み取れません。「名前+8桁+英数字」の1行です。", "This is no log key: one line, “name+8 digits+letters”."],
  badRoots: [
    "証明書として読み取れません。「-----BEGIN CERTIFICATE-----」から始まるPEM形式で入力してください。",
    "No certificate. Give PEM, beginning with “-----BEGIN CERTIFICATE-----”.",
  ],
  unreadableFile: ["ファイルを読み込めませんでした。もう一度選んでください。", "The file could not be read. Choose it again."],
  errors: ["入力内容をご確認ください", "Please check what you have entered"],
  noCrypto: [
    "このブラウザーには検証に必要な機能がありません。最新のブラウザーで開くか、同梱の tachiai_verify.py をお使いください。",
    "This browser lacks what is needed. Use a current one, or tachiai_verify.py from the bundle.",
  ],
  broken: [
    "検証を最後まで行えませんでした。同梱の tachiai_verify.py でお試しください。",
    "The verification could not be finished. Try tachiai_verify.py from the bundle.",
  ],
  result: ["検証結果", "Result"],
  chipTrue: ["適合", "Holds"],
  chipFalse: ["不適合", "Does not hold"],
  chipUnusable: ["判定不能", "Unreadable"],
  embeddedNote: [
    "組込みの試験用認証局・時刻認証局によるもので、認定タイムスタンプではありません。",
    "Made with the built-in demonstration authority: not an accredited timestamp.",
  ],
  problems: ["適合しない点", "What does not hold"],
  bytes: ["{}バイト", "{} bytes"],
  manyMore: ["ほか{}件", "and {} more"],
  unconfirmed: [
    "適合しない点があるため、以下の内容は確認されたものではありません。",
    "Because something does not hold, nothing below is confirmed.",
  ],
  envelope: ["封筒", "Envelope"],
  number: ["管理番号", "Control number"],
  organization: ["送信した組織", "Sent by"],
  operator: ["運営者（立会人）", "Operator (witness)"],
  concluded: ["締結日時", "Concluded"],
  certificate: ["締結証明書の番号", "Certificate of conclusion"],
  fileName: ["検証したファイル", "File"],
  fileDigest: ["ファイルの指紋（SHA-256）", "Fingerprint of the file (SHA-256)"],
  claims: ["封筒・組織・運営者の名称と締結日時は、証拠一式の記載です。", "Names and the time of conclusion are as the bundle states them."],
  people: ["署名した人", "Who signed"],
  person: ["署名者{}", "Signer {}"],
  erasedPerson: ["氏名などの情報は消去されています", "Name and address were erased"],
  mail: ["メールアドレス", "Mail address"],
  consented: ["同意した日時", "Consented"],
  level: ["本人確認の方法", "Authenticated by"],
  passkey: ["パスキー", "Passkey"],
  sealedAt: ["電子署名のタイムスタンプ", "Timestamp of the signature"],
  digest: ["同意の指紋（SHA-256）", "Fingerprint of the consent (SHA-256)"],
  documents: ["文書", "Documents"],
  paper: ["締結証明書", "Certificate of conclusion"],
  frozen: ["署名者に示された版の指紋（SHA-256）", "Fingerprint of what the signers were shown (SHA-256)"],
  whole: ["締結済みファイルの指紋（SHA-256）", "Fingerprint of the concluded file (SHA-256)"],
  lastStamp: ["最後のタイムスタンプ", "Last timestamp"],
  compare: ["ご自身で照合する値", "What to compare yourself"],
  compareLead: [
    "次の値は、証拠一式の外（運営者・認証局の公表、ほかの署名者のメール）と照合してください。",
    "Compare these with what the operator and the authorities publish elsewhere, or with another signer's mail.",
  ],
  root: ["ルート証明書の指紋（SHA-256）", "Fingerprint of the root (SHA-256)"],
  uses: ["用途", "Used for"],
  seal: ["電子署名", "signatures"],
  timestamp: ["タイムスタンプ", "timestamps"],
  embedded: ["組込みの試験用", "built-in, for demonstration"],
  accredited: ["認定（運営者の申告）", "accredited (the operator says)"],
  given: ["指定された値と一致", "the one that you gave"],
  logKeyShown: ["台帳の鍵", "Key of the log"],
  logKeyGiven: ["指定された鍵と照合しました", "compared with the key that you gave"],
  checkpointShown: ["台帳のチェックポイント", "Checkpoint of the log"],
  checkpointFacts: ["{}件・{}", "{} entries, {}"],
  mailSame: ["お手元のチェックポイントと一致しました。", "It is the checkpoint that you gave."],
  mailEarlier: [
    "お手元のチェックポイントは、この台帳の以前の状態です（矛盾なし）。",
    "The checkpoint that you gave is an earlier state of this log, without contradiction.",
  ],
  unchecked: ["検査していない点", "What was not checked"],
  checks: ["検査の一覧", "All checks"],
  details: ["電子署名とタイムスタンプの詳細", "Signatures and timestamps in detail"],
  column_file: ["ファイル", "File"],
  column_field: ["署名欄", "Field"],
  column_time: ["タイムスタンプ", "Timestamp"],
  column_name: ["署名の名義（記載）", "Name (as written)"],
  column_signer: ["証明書の指紋", "Fingerprint of the certificate"],
  kind_house: ["運営者（文書の確定）", "Operator (freezing)"],
  kind_slot: ["署名者{}", "Signer {}"],
  kind_timestamp: ["文書タイムスタンプ", "Document timestamp"],
  take: ["結果を残す", "Keep the result"],
  copy: ["結果をJSONでコピー", "Copy the result as JSON"],
  copied: ["コピーしました", "Copied"],
  copyBelow: ["下の欄からコピーしてください", "Copy it from the box below"],
  json: ["結果（JSON）", "Result (JSON)"],
  print: ["印刷する", "Print"],
  again: ["別のファイルを検証する", "Verify another file"],
  none: ["―", "–"],
  footer: [
    "このページは証拠一式に同梱された1つのファイルです。通信を行わず、検証の方法は公開されています（Tachiaiの文書 evidence-bundle.md）。",
    "This page is one file that travels in the bundle. It makes no connection; how it verifies is public (evidence-bundle.md of Tachiai).",
  ],
  printed: ["この画面を印刷したものです。証拠は証拠一式のファイルそのものです。", "A print of this page. The proof is the bundle itself."],
};
const LEVEL_WORDS = {
  "mail-only": ["メール", "mail"],
  "mail-and-registered-code": ["メールと届出済みのコード", "mail and registered code"],
  "mail-and-registered-code-and-passkey": ["メールと届出済みのコード、パスキー", "mail, registered code and passkey"],
  "mail-and-registered-code-and-totp": ["メールと届出済みのコード、ワンタイムコード", "mail, registered code and one-time code"],
  "mail-and-passkey": ["メールとパスキー", "mail and passkey"],
  "mail-and-totp": ["メールとワンタイムコード", "mail and one-time code"],
  "desk-password": ["職員ログイン", "staff login"],
  "desk-password-and-totp": ["職員ログインとワンタイムコード", "staff login and one-time code"],
  "desk-password-and-passkey": ["職員ログインとパスキー", "staff login and passkey"],
};
// Where the terminal program speaks of its options, the page speaks of its fields.
STATE_WORDS.failed = ["不適合", "failed"];
STATE_WORDS.skipped = ["対象なし／未実施", "none / not done"];
Object.assign(UNCHECKED_WORDS, {
  "trust.roots": [
    "ルート証明書が本物か。上の指紋を、各認証局・時刻認証局が公表する値と照合してください。",
    "Whether the roots are genuine: compare the fingerprints above with what each authority publishes.",
  ],
  "trust.log_key": [
    "台帳の鍵が本物か。上の鍵を、運営者が公表する値と照合してください。",
    "Whether the log's key is genuine: compare it with what the operator publishes.",
  ],
  "trust.mail": ["お手元の締結完了メールのチェックポイントとの照合。", "Your own completion mail: its checkpoint was not compared."],
});

let language = "ja";

/** Words in the language of the page; each `{}` takes one of `values`. */
function say(pair, ...values) {
  const text = (typeof pair === "string" ? WORDS[pair] : pair)[language === "ja" ? 0 : 1];
  return values.reduce((said, value) => said.replace("{}", value), text);
}

/** A time of the formats in Japan's time, whatever the reader's own zone is: 「2026年11月23日 17:05:00」. */
function sayTime(text) {
  const at = text ? microsecondsOf(text) : null;
  if (at === null) return text || say("none");
  const [date, clock] = new Date(at / 1000 + 9 * 3600 * 1000).toISOString().slice(0, 19).split("T");
  const [year, month, day] = date.split("-").map(Number);
  return language === "ja" ? `${year}年${month}月${day}日 ${clock}（日本時間）` : `${date} ${clock} JST`;
}
