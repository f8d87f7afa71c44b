"""Contracts with layers: one clause that everybody sees, and one that is up to the file's configuration or to whoever opens it."""

from __future__ import annotations

from collections.abc import Callable

from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from pages.odd_files import saved
from pages.odd_sights import PAY, document_drawn, words

Change = Callable[[Pdf, Object], None]


def layered(change: Change | None = None, *, used: bool = True, membership: Callable[[Object], Dictionary] | None = None) -> bytes:
    """A layer «Discount» with words of its own, ``change``\\ d before it is saved; used directly or through a ``membership``."""
    document = document_drawn(PAY, "/OC /L BDC " + words("Discount 50", y=600) + "EMC" if used else "")
    layer = document.make_indirect(Dictionary(Type=Name.OCG, Name=String("Discount")))
    document.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(Order=Array([layer])))
    if used:
        content = document.make_indirect(membership(layer)) if membership else layer
        document.pages[0].obj.Resources.Properties = Dictionary(L=content)
    if change is not None:
        change(document, layer)
    return saved(document)


def off(document: Pdf, layer: Object) -> None:
    document.Root.OCProperties.D.OFF = Array([layer])


def off_by_default(document: Pdf, _: Object) -> None:
    document.Root.OCProperties.D.BaseState = Name.OFF


def on_again(document: Pdf, layer: Object) -> None:
    off_by_default(document, layer)
    document.Root.OCProperties.D.ON = Array([layer])


def stated(*, view: str, printed: str, applied: bool = True) -> Change:
    """What the layer says of screen and paper, and whether the configuration asks readers to go by it."""

    def change(document: Pdf, layer: Object) -> None:
        layer.Usage = Dictionary(View=Dictionary(ViewState=Name("/" + view)), Print=Dictionary(PrintState=Name("/" + printed)))
        if applied:
            events = (("/View", "/View"), ("/Print", "/Print"))
            rules = [Dictionary(Event=Name(event), OCGs=Array([layer]), Category=Array([Name(kind)])) for event, kind in events]
            document.Root.OCProperties.D.AS = Array(rules)

    return change


def by_language(document: Pdf, layer: Object) -> None:
    layer.Usage = Dictionary(Language=Dictionary(Lang=String("ja"), Preferred=Name.ON))
    document.Root.OCProperties.D.AS = Array([Dictionary(Event=Name.View, OCGs=Array([layer]), Category=Array([Name.Language]))])


def unless(layer: Object) -> Dictionary:
    """Shown where the layer is not."""
    return Dictionary(Type=Name.OCMD, OCGs=layer, P=Name.AllOff)


def not_expressed(layer: Object) -> Dictionary:
    return Dictionary(Type=Name.OCMD, VE=Array([Name.Not, Array([Name.And, layer, layer])]))


def with_it(layer: Object) -> Dictionary:
    return Dictionary(Type=Name.OCMD, OCGs=Array([layer]), P=Name.AllOn)
