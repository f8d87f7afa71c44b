"""The mark at the root: what a browser asks for beside a bare file must not disturb the visitor's forms."""

from __future__ import annotations

from django.test import Client

from place import Place


def test_it_leads_to_the_mark_and_leaves_no_cookie(house: Place) -> None:
    response = Client().get("/favicon.ico")
    assert response.status_code == 302
    assert response["Location"].endswith(".svg")
    assert not response.cookies


def test_a_page_that_does_not_exist_keeps_the_token_a_form_goes_with(house: Place) -> None:
    """A picture that is missing does not make the open form stale."""
    client = Client()
    client.get("/v")
    token = client.cookies["csrftoken"].value
    client.get("/nothing-here")
    assert client.cookies["csrftoken"].value == token
