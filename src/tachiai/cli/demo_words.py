"""What the contracts of the demonstration's data are about, and what people write when they send, return or refuse one."""

from __future__ import annotations

# What a document is called, what envelopes of its kind are called, and what they are about.
KINDS = (
    (
        "業務委託契約書",
        "{year}年度　{thing}業務委託",
        ("庁舎清掃", "公園樹木剪定", "防災訓練企画運営", "案内板維持管理", "給食配送", "図書館窓口"),
    ),
    (
        "工事請負契約書",
        "{thing}工事",
        ("市道本町線舗装補修", "第二小学校屋上防水", "さくら橋橋りょう補修", "体育館照明LED化", "下水道管更生"),
    ),
    ("物品売買契約書", "{thing}の購入", ("児童用机・椅子", "消防用ホース", "災害備蓄食料", "公用車（軽自動車）", "プロジェクター")),
    ("賃貸借契約書", "{thing}賃貸借", ("複合機", "タブレット端末", "駐車場用地", "仮設校舎", "AED")),
    ("秘密保持契約書", "{thing}に関する秘密保持", ("実証実験", "住民情報システム更新", "共同研究")),
    ("雇用契約書", "会計年度任用職員（{thing}）", ("保育補助", "学校司書", "窓口案内", "通訳①")),
    ("覚書", "{thing}に関する覚書", ("災害時の物資供給", "指定管理料の変更", "履行期間の延長")),
    ("発注書", "{thing}　発注", ("封筒印刷", "イベント用テント設営", "ポスターデザイン", "剪定枝の処分")),
)
ENGLISH = (
    "Interpretation services for the sister-city delegation",
    "Licence agreement: environmental monitoring software",
    "Non-disclosure agreement: smart-street-lighting pilot",
)
LONG = (
    "令和八年度さくら丘市総合運動公園陸上競技場及び多目的広場並びに附帯施設の改修に伴う実施設計業務（地質調査及び既存構造物調査を含む。）"
    "に関する業務委託契約の一部を変更する契約（第三回）㈱青空建設ほか"
)
COMMENTS = (
    "",
    "",
    "ご確認をお願いします。",
    "契約書の2ページをご確認ください。ご不明な点は担当までお電話ください。",
    "Please let us know if anything is unclear.",
)
REASONS = (
    ("correction", "第5条の支払期日が、打合せの内容（翌月末払い）と異なっています。ご修正をお願いします。"),
    ("refusal", "社内で検討しましたが、今回は契約を見送ります。"),
    ("no_authority", "私には契約を締結する権限がありません。本社の総務部へお送りください。"),
    ("other", "資材の価格が上がったため、見積りからやり直させてください。"),
)
WITHDRAWALS = ("仕様に誤りがあったため、修正して送り直します。", "予算の都合により、本件は取りやめます。")
# The same kinds as 文書情報 names them.
KIND_CODES = {
    "業務委託契約書": "service",
    "工事請負契約書": "construction",
    "物品売買契約書": "purchase",
    "賃貸借契約書": "lease",
    "秘密保持契約書": "confidentiality",
    "雇用契約書": "employment",
    "覚書": "memorandum",
    "発注書": "order",
}
APPROVALS = ("", "", "確認しました。", "金額と期間を確認しました。問題ありません。")
RETURNS = (
    "金額の根拠となる見積書と一致していません。確認のうえ、出し直してください。",
    "履行期間の終了日が予算の年度を超えています。期間を修正してください。",
)
