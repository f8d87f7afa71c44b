"""Who lives in the demonstration's data: the city's departments and people, and those it makes contracts with. All invented.

Nobody here, no company, address or number exists; every mail address is of a domain that is kept for examples (RFC 2606).
"""

from __future__ import annotations

from dataclasses import dataclass

CODE = "482915"  # what every counterparty of the data registered, so that whoever tries the house can be any of them
CONTRACTS, ROADS, CHILDREN, SCHOOLS, GREEN = "総務部 契約課", "建設部 道路課", "福祉部 こども課", "教育委員会 施設課", "市民部 環境課"
DEPARTMENTS = (CONTRACTS, ROADS, CHILDREN, SCHOOLS, GREEN)


@dataclass(frozen=True)
class Person:
    """One member of the city. ``key`` is what the plans call them, and the local part of their address."""

    key: str
    name: str
    role: str
    department: str
    title: str = ""
    language: str = "ja"
    may_sign: bool = False
    may_approve: bool = False

    @property
    def mail(self) -> str:
        return f"{self.key}@sakuragaoka.example.jp"


# Beside the four whom every demonstration has: clerk, second, mayor and admin.
PEOPLE = (
    Person("works", "石橋 渉", "manager", ROADS, "課長", may_approve=True),
    Person("road", "川瀬 大地", "staff", ROADS, "技師"),
    Person("child", "若葉 ひかり", "staff", CHILDREN, "主任"),
    Person("school", "校倉 学", "staff", SCHOOLS, "主査"),
    Person("green", "Anna Midorikawa", "staff", GREEN, "Environment Officer", language="en"),
    Person("deputy", "副島 薫", "staff", CONTRACTS, "副市長", may_sign=True, may_approve=True),
    Person("auditor", "目黒 正", "auditor", "監査委員事務局", "事務局長"),
    Person("system", "機織 電太", "system", "情報政策課", "係長"),
)
INVITED = Person("newcomer", "春野 芽生", "staff", GREEN, "主事")
SENDERS = ("clerk", "road", "child", "school", "green")


@dataclass(frozen=True)
class Party:
    """A counterparty with the one person who answers for it."""

    key: str
    organization: str
    title: str
    name: str
    mail: str
    language: str = "ja"


def _party(number: int, told: tuple[str, str, str, str], language: str = "ja") -> Party:
    organization, title, name, mail = told
    return Party(f"p{number}", organization, title, name, mail, language)


# Long, with letters that few fonts and old tables know, with signs that are folded when they are looked for, and foreign.
_JAPANESE = (
    ("㈱青空建設（架空）", "代表取締役", "青空 剛", "aozora@example.jp"),
    ("①番街商店会（架空）", "会長", "一番 太一", "ichiban@example.jp"),
    (
        "特定非営利活動法人さくら丘こどもの居場所づくりと地域の学びを支える市民ネットワーク連絡協議会（架空）",
        "理事長",
        "居場 つむぎ",
        "ibasho@example.jp",
    ),
    ("髙﨑𠮷野土木株式会社（架空）", "代表取締役", "髙﨑 𠮷成", "takasaki@example.jp"),
    ("有限会社ひだまり福祉サービス（架空）", "取締役", "日溜 温子", "hidamari@example.jp"),
    ("合同会社ゆきどけデザイン（架空）", "代表社員", "雪解 澪", "yukidoke@example.jp"),
    ("医療法人社団こもれび会（架空）", "理事長", "木漏 光", "komorebi@example.jp"),
    ("㈲つばめ運送（架空）", "代表取締役", "燕 翔太", "tsubame@example.jp"),
    ("株式会社ほしぞらシステム開発（架空）", "代表取締役社長", "星空 遥", "hoshizora@example.jp"),
    ("学校法人あけぼの学園（架空）", "理事長", "曙 みらい", "akebono@example.jp"),
    ("株式会社みなと環境サービス（架空）", "支店長", "湊 渉", "minato@example.jp"),
    ("一般社団法人さくら丘観光協会（架空）", "代表理事", "遊佐 旅人", "kanko@example.jp"),
    ("やまびこ測量設計株式会社（架空）", "代表取締役", "山彦 響", "yamabiko@example.jp"),
    ("株式会社ことのは印刷（架空）", "営業部長", "言葉 栞", "kotonoha@example.jp"),
    ("せせらぎ水道工業（架空）", "代表", "瀬々 流", "seseragi@example.jp"),
    ("株式会社かがやき電設（架空）", "代表取締役", "輝 灯", "kagayaki@example.jp"),
    ("生活協同組合まるごと（架空）", "専務理事", "丸 琴", "marugoto@example.jp"),
    ("株式会社わかたけ警備保障（架空）", "代表取締役", "若竹 守", "wakatake@example.jp"),
    ("Ｓａｋｕｒａ　Ｆｏｏｄｓ株式会社（架空）", "代表取締役", "桜庭 実", "foods@example.jp"),
    ("公益財団法人さくら丘文化財団（架空）", "理事長", "文月 彩", "bunka@example.jp"),
)
_FOREIGN = (
    ("Northern Lights Consulting GmbH (fictional)", "Managing Director", "Dr. Liesel Nordlicht", "liesel@example.com"),
    ("Harbour & Sons Engineering Ltd. (fictional)", "Director", "Oliver O’Harbour", "oliver@example.com"),
    ("Société Petite Rivière S.A. (fictional)", "Présidente", "Zoé Rivière-Lemaître", "zoe@example.com"),
)
_TRADES = ("造園", "清掃", "塗装", "運輸", "設備", "商事", "建材", "写真館", "給食", "リース", "電機", "石油", "保育", "介護", "書店")
PARTIES = (
    *(_party(number, told) for number, told in enumerate(_JAPANESE, 3)),
    *(_party(number, told, "en") for number, told in enumerate(_FOREIGN, 23)),
    *(
        _party(number, (f"ひなた{trade}株式会社（架空）", "代表取締役", f"日向 {trade[0]}太郎", f"hinata{number}@example.jp"))
        for number, trade in enumerate(_TRADES, 26)
    ),
)
# Typed in by the sender: they never registered.
TYPED = (
    Party("t1", "あおぞら設備有限会社（架空）", "部長", "青空 渚", "nagisa@example.com"),
    Party("t2", "はなれ銀行（架空）", "支店長", "離野 見", "hanare@example.org"),
    Party("t3", "株式会社まつかぜ工務店（架空）", "専務取締役", "松風 凛", "rin@example.com"),
)
