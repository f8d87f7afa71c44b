"""The drawings behind ``{% icon %}``: strokes on a 24 by 24 grid, drawn for this project."""

from __future__ import annotations

ICONS: dict[str, str] = {
    "home": '<path d="M4 11l8-7 8 7v9h-5.5v-6h-5v6H4z"/>',
    "envelope": '<path d="M3.5 6h17v12.5h-17z"/><path d="M4 7l8 6 8-6"/>',
    "approve": '<path d="M5 4h14v16H5z"/><path d="M8.5 12l2.5 2.5 4.5-5"/>',
    "folder": '<path d="M3.5 6h6l2 2.5h9v10.5h-17z"/>',
    "layers": '<path d="M12 4l8.5 4.5L12 13 3.5 8.5z"/><path d="M3.5 12.5L12 17l8.5-4.5M3.5 16.5L12 21l8.5-4.5"/>',
    "template": '<path d="M4 4h16v16H4zM4 9.5h16M10 9.5V20"/>',
    "building": '<path d="M5 20.5V4h9v16.5M14 9h5v11.5M3 20.5h18"/><path d="M8 8h3M8 12h3M8 16h3"/>',
    "calendar": '<path d="M4 5.5h16V20H4zM4 10h16M8.5 3.5v4M15.5 3.5v4"/>',
    "shield": '<path d="M12 3.5l7.5 2.75v5.5c0 4.5-3.2 7.4-7.5 8.75-4.3-1.35-7.5-4.25-7.5-8.75v-5.5z"/><path d="M8.5 12l2.5 2.5 4.5-5"/>',
    "list": '<path d="M9 6h11M9 12h11M9 18h11"/><path d="M4.5 6h.01M4.5 12h.01M4.5 18h.01" stroke-width="3"/>',
    "gear": (
        '<circle cx="12" cy="12" r="3.25"/><path d="M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M5.6 18.4l2.2-2.2'
        'M16.2 7.8l2.2-2.2"/>'
    ),
    "menu": '<path d="M4 6.5h16M4 12h16M4 17.5h16"/>',
    "close": '<path d="M6 6l12 12M18 6L6 18"/>',
    "check": '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
    "check-circle": '<circle cx="12" cy="12" r="8.5"/><path d="M8 12.5l2.75 2.75L16 9.5"/>',
    "circle": '<circle cx="12" cy="12" r="8.5"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5"/><path d="M12 7.75h.01" stroke-width="2.5"/>',
    "warning": '<path d="M12 4l9 16H3z"/><path d="M12 10v4.5"/><path d="M12 17.25h.01" stroke-width="2.5"/>',
    "error": '<path d="M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7z"/><path d="M12 7.5v5.5"/><path d="M12 16.25h.01" stroke-width="2.5"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.25l3.5 2"/>',
    "hourglass": '<path d="M6.5 3.5h11M6.5 20.5h11M8 3.5c0 5 8 6 8 8.5s-8 3.5-8 8.5M16 3.5c0 5-8 6-8 8.5s8 3.5 8 8.5"/>',
    "turning": '<path d="M20 12a8 8 0 1 1-3-6.25"/><path d="M20.5 3.5v4h-4"/>',
    "pencil": '<path d="M4 20l1-4.5L16 4.5l3.5 3.5-11 11z"/><path d="M13.5 7l3.5 3.5"/>',
    "sign": '<path d="M3.5 20h17"/><path d="M6 15.5c2-5.5 4-9.5 6-10.5 2.5 1.5-2 10.5-1 11s2.5-4 4-4-.5 3 3.5 3"/>',
    "user": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.75-4.5 3.75-6.5 7.5-6.5s6.75 2 7.5 6.5"/>',
    "users": (
        '<circle cx="9" cy="8.5" r="3.5"/>'
        '<path d="M2.5 19.5c.5-4 3-6 6.5-6s6 2 6.5 6M15.5 5.25a3.5 3.5 0 0 1 0 6.5M18 14c2 .75 3.25 2.75 3.5 5.5"/>'
    ),
    "logout": '<path d="M13.5 4H5v16h8.5M10 12h10.5M17 8l4 4-4 4"/>',
    "help": (
        '<circle cx="12" cy="12" r="8.5"/>'
        '<path d="M9.5 9.75c.25-3.25 5.25-3 5 0-.15 2-2.5 2-2.5 4.25"/><path d="M12 16.75h.01" stroke-width="2.5"/>'
    ),
    "phone": (
        '<path d="M5 4h4l2 5-2.5 1.75c1 2.25 2.5 3.75 4.75 4.75L15 13l5 2v4c0 .75-.5 1-1.25 1C10.5 20 4 13.5 4 5.25 4 4.5 4.25 4 5 4z"/>'
    ),
    "mail": '<path d="M3.5 6h17v12.5h-17z"/><path d="M4 7l8 6 8-6"/>',
    "download": '<path d="M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4.5 20h15"/>',
    "upload": '<path d="M12 16V4.5M7.5 9L12 4.5 16.5 9M4.5 20h15"/>',
    "file": '<path d="M6 3.5h8l4.5 4.5v12.5H6z"/><path d="M13.5 3.5V8.5h5"/>',
    "file-check": '<path d="M6 3.5h8l4.5 4.5v12.5H6z"/><path d="M13.5 3.5V8.5h5M9 14.5l2 2 4-4"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5L20.5 20.5"/>',
    "left": '<path d="M15 5l-7 7 7 7"/>',
    "right": '<path d="M9 5l7 7-7 7"/>',
    "down": '<path d="M5 9l7 7 7-7"/>',
    "up": '<path d="M5 15l7-7 7 7"/>',
    "arrow-right": '<path d="M4 12h15M13 6l6 6-6 6"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "minus": '<path d="M5 12h14"/>',
    "trash": '<path d="M4 6.5h16M9 6.5V4h6v2.5M6 6.5l1 14h10l1-14M10 10.5v6M14 10.5v6"/>',
    "external": '<path d="M11 5H5v14h14v-6M14 4.5h5.5V10M19 5l-8 8"/>',
    "print": '<path d="M7 8.5V4h10v4.5M7 17H4V8.5h16V17h-3M7 14h10v6H7z"/>',
    "copy": '<path d="M8.5 8.5H20V20H8.5zM15.5 5.5V4H4v11.5h1.5"/>',
    "eye": (
        '<path d="M2.5 12c2.5-4.5 5.75-6.5 9.5-6.5s7 2 9.5 6.5c-2.5 4.5-5.75 6.5-9.5 6.5S5 16.5 2.5 12z"/><circle cx="12" cy="12" r="3"/>'
    ),
    "text": '<path d="M4 6h16M4 10.5h16M4 15h16M4 19.5h9"/>',
    "page": '<path d="M5.5 3.5h13v17h-13zM9 8h6M9 12h6M9 16h3.5"/>',
    "zoom-in": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5L20.5 20.5M7.75 10.5h5.5M10.5 7.75v5.5"/>',
    "zoom-out": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5L20.5 20.5M7.75 10.5h5.5"/>',
    "return": '<path d="M9.5 5L4.5 10l5 5M5 10h9.5c3 0 5 2 5 4.75S17.5 19.5 14.5 19.5H9"/>',
    "ban": '<circle cx="12" cy="12" r="8.5"/><path d="M6 6l12 12"/>',
    "globe": '<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17"/>',
    "lock": '<path d="M5 10.5h14v10H5zM8 10.5V8a4 4 0 0 1 8 0v2.5"/>',
    "link": '<path d="M10 14a4 4 0 0 0 5.7 0l3.3-3.3a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0L5 13.3A4 4 0 0 0 10.7 19L12 17.7"/>',
    "filter": '<path d="M4 5h16l-6 7.5V19l-4 1.5v-8z"/>',
    "send": '<path d="M3.5 11.5L20.5 4l-4 16.5-5-6z"/><path d="M20.5 4l-9 10.5"/>',
    "history": '<path d="M4 12a8 8 0 1 0 3-6.25"/><path d="M3.5 3.5v4h4M12 8v4.25l3 2"/>',
    "bell": '<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4"/>',
    "dot": '<circle class="solid" cx="12" cy="12" r="4.5"/>',
}
