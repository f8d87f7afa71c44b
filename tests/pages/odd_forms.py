"""Forms whose fields show what they hold, or something else: each made here, on one page of a fictional contract."""

from __future__ import annotations

from pikepdf import Array, Dictionary, Name, Object, Pdf, String

from pages.odd_files import document_of, helvetica, saved

BOX = Array([40, 600, 400, 640])


def look(document: Pdf, content: str, *, own_fonts: bool = True) -> Object:
    shape = Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 360, 40]))
    if own_fonts:
        shape.Resources = Dictionary(Font=Dictionary(F1=helvetica(document)))
    return document.make_stream(content.encode("cp1252"), shape)


def line(text: str, *, x: float = 2, y: float = 12) -> str:
    return f"/Tx BMC q BT /F1 12 Tf {x} {y} Td ({text}) Tj ET Q EMC\n"


def with_widgets(document: Pdf, *widgets: Dictionary, fields: list[Dictionary] | None = None) -> bytes:
    page = document.pages[0].obj
    page.Annots = Array([document.make_indirect(widget) for widget in widgets])
    shared = Dictionary(Font=Dictionary(F1=helvetica(document)))
    document.Root.AcroForm = Dictionary(Fields=Array(page.Annots if fields is None else fields), DR=shared, DA=String("/F1 0 Tf 0 g"))
    return saved(document)


def text_field(value: object, content: str | None, *, flags: int = 0, shown: int = 4, own_fonts: bool = True, **entries: object) -> bytes:
    """A field that holds ``value`` and shows ``content``; nothing is drawn for it where that is None."""
    document = document_of("Form")
    widget = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("fee"), Ff=flags, F=shown, Rect=BOX)
    if value is not None:
        widget.V = String(value) if isinstance(value, str) else value
    if content is not None:
        widget.AP = Dictionary(N=look(document, content, own_fonts=own_fonts))
    for key, entry in entries.items():
        widget["/" + key] = entry
    return with_widgets(document, widget)


def inherited(value: str, content: str) -> bytes:
    """The widget has a look only; what it holds is said by the fields above it."""
    document = document_of("Form")
    above = document.make_indirect(Dictionary(T=String("fees"), FT=Name.Tx, V=String(value)))
    widget = Dictionary(Type=Name.Annot, Subtype=Name.Widget, T=String("first"), F=4, Rect=BOX, Parent=above)
    widget.AP = Dictionary(N=look(document, line(content)))
    return with_widgets(document, widget, fields=[above])


def streamed(value: str, content: str) -> bytes:
    """A long text may stand in a stream."""
    document = document_of("Form")
    held = document.make_stream(value.encode())
    widget = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("fee"), F=4, Rect=BOX, V=held)
    widget.AP = Dictionary(N=look(document, line(content)))
    return with_widgets(document, widget)


def box(value: str | None, state: str | None, *, looks: tuple[str, ...] | None = ("Yes", "Off"), flags: int = 0) -> bytes:
    """A box to tick: what it holds, the state it shows, and the states that have a look."""
    document = document_of("Form")
    widget = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Btn, T=String("agreed"), Ff=flags, F=4, Rect=Array([40, 600, 60, 620])
    )
    if value is not None:
        widget.V = Name("/" + value)
    if state is not None:
        widget.AS = Name("/" + state)
    if looks is not None:
        widget.AP = Dictionary(N=Dictionary({f"/{name}": look(document, "0 0 9 9 re f" if name != "Off" else "") for name in looks}))
    return with_widgets(document, widget)


def radio(value: str, states: dict[str, str]) -> bytes:
    """Buttons of which one may be chosen: for each its name and the state it shows."""
    document = document_of("Form")
    above = document.make_indirect(Dictionary(T=String("term"), FT=Name.Btn, Ff=1 << 15, V=Name("/" + value)))
    widgets = []
    for name, state in states.items():
        looks = Dictionary({"/Off": look(document, ""), f"/{name}": look(document, "0 0 9 9 re f")})
        widget = Dictionary(Type=Name.Annot, Subtype=Name.Widget, F=4, Rect=Array([40, 600, 60, 620]), Parent=above, AS=Name("/" + state))
        widget.AP = Dictionary(N=looks)
        widgets.append(widget)
    return with_widgets(document, *widgets, fields=[above])


def many(count: int) -> bytes:
    document = document_of("Form")
    shown = look(document, line("100"))
    made = (Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String(f"f{number}"), F=4, Rect=BOX) for number in range(count))
    widgets = []
    for widget in made:
        widget.V, widget.AP = String("100"), Dictionary(N=shown)
        widgets.append(widget)
    return with_widgets(document, *widgets)
