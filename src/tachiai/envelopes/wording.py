"""The words that go into signatures and under consent. They are versioned: what was agreed to must be told for ever.

The operator's lawyer reviews this one file.
"""

from __future__ import annotations

from tachiai.ceremony import ConsentText, Level
from tachiai.envelopes.models import Envelope, Recipient
from tachiai.sealing import SealText

LEVELS = {
    Level.MAIL_ONLY: ("メール認証", "mail only"),
    Level.MAIL_AND_CODE: ("メール認証＋届出済みアクセスコード", "mail and registered access code"),
    Level.MAIL_CODE_AND_TOTP: (
        "メール認証＋届出済みアクセスコード＋認証アプリ（TOTP）",
        "mail, registered access code and authenticator app (TOTP)",
    ),
    Level.MAIL_CODE_AND_PASSKEY: ("メール認証＋届出済みアクセスコード＋パスキー", "mail, registered access code and passkey"),
    Level.PASSWORD: ("職員ログイン（パスワード）", "staff login (password)"),
    Level.PASSWORD_AND_TOTP: ("職員ログイン（パスワード＋ワンタイムパスワード）", "staff login (password and one-time password)"),
}

CONSENT_JA = (
    "【署名手続きを完了する】を押すと、上記の文書の内容に同意し、{operator}に電子署名の付与を指示します。"
    "{operator}は、この指示に基づき、{operator}名義の電子証明書で電子署名とタイムスタンプを機械的に付与します。"
    "契約書に別の定めがない限り、全員の電子署名が完了した時点で契約締結となります。完了後は取り消せません。"
)
CONSENT_EN = (
    "By pressing “Complete signing” you agree to the content of the documents above and instruct {operator} to apply an "
    "electronic signature. On this instruction {operator} mechanically applies an electronic signature with a certificate in "
    "{operator}'s name, and a timestamp. Unless the contract says otherwise, it is concluded when everybody's signature is "
    "complete. This cannot be undone afterwards."
)
CONSENT_VERSION = 1


def consent_text(recipient: Recipient, *, language: str) -> ConsentText:
    """The sentence under which ``recipient`` consents, in the language of the page, with the version that names it."""
    operator = recipient.envelope.organization.operator
    if language == "en":
        words = CONSENT_EN.format(operator=operator.name_en or operator.name)
        return ConsentText(f"consent-en-{CONSENT_VERSION}", "en", words)
    return ConsentText(f"consent-ja-{CONSENT_VERSION}", "ja", CONSENT_JA.format(operator=operator.name))


def freeze_text(envelope: Envelope) -> SealText:
    """What the house's certification says in the signature panel: who fixed what, on whose instruction."""
    organization = envelope.organization
    return SealText(
        name=organization.operator.name,
        reason=(
            f"送信文書の確定：{organization.name} の送信指示による／封筒 {envelope.number}"
            f" (Document fixed for signing on the sender's instruction)"
        ),
        contact=organization.operator.mail,
        location=organization.name,
    )


def seal_text(recipient: Recipient) -> SealText:
    """What a signer's signature says in the panel: the party, the person, and how the person was authenticated."""
    japanese, english = LEVELS[Level(recipient.level)]
    person = " ".join(part for part in (recipient.title, recipient.name) if part)
    reason = f"電子契約への同意：{recipient.name} <{recipient.mail}>／{japanese}／封筒 {recipient.envelope.number}"
    if recipient.language == "en":
        reason += f" / Consent to the contract by {recipient.name}; authenticated by {english}"
    return SealText(
        name=f"{recipient.organization_name}／{person}",
        reason=reason,
        contact=recipient.mail,
        location=recipient.organization_name,
    )


def certificate_text(envelope: Envelope) -> SealText:
    """What the certificate of conclusion's own seal says."""
    organization = envelope.organization
    return SealText(
        name=organization.operator.name,
        reason=f"締結証明書の発行／封筒 {envelope.number} (Certificate of conclusion)",
        contact=organization.operator.mail,
        location=organization.operator.name,
    )
