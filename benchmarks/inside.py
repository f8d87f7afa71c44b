"""What the measurement needs from inside a house, run in the house's own environment: ``python -m benchmarks.inside VERB``.

``settle`` makes the house with its demonstration people, and prints who they are; ``told`` prints what the ledger says of when
each envelope was concluded.
"""

from __future__ import annotations

import json
import os
import sys


def settle() -> dict[str, object]:
    """A demonstration house, made without a mail server: only then are its counterparties registered the whole way."""
    from tachiai.cli.houses import establish

    house = establish()
    from tachiai.cli.demo_people import COUNTERPARTIES, LOGINS, demo_password, settle_demo_people

    settle_demo_people(house)
    clerk, _, own, *_ = LOGINS
    party, _, name, mail, code, _ = COUNTERPARTIES[0]
    return {
        "password": demo_password(house),
        "clerk": clerk.mail,
        "own": own.mail,
        "party": party,
        "counterparty": mail,
        "name": name,
        "code": code,
    }


def told() -> dict[str, float]:
    """Unix time of each envelope's ``envelope.concluded`` entry, by the envelope's id."""
    import django

    django.setup()
    from tachiai.envelopes.models import Envelope
    from tachiai.ledger.models import Entry

    concluded = dict(Entry.objects.filter(event="envelope.concluded").values_list("stream__name", "at"))
    return {str(envelope.pk): concluded[envelope.stream].timestamp() for envelope in Envelope.objects.filter(state="concluded")}


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tachiai.config.settings")
    print(json.dumps({"settle": settle, "told": told}[sys.argv[1]]()))
