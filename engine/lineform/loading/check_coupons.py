"""What is wrong with coupons of LINE's, and with messages that bring them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from lineform.lineapi.coupons import check_coupon
from lineform.loading.check_messages import CODES
from lineform.loading.clients import ReadClient
from lineform.loading.resources import Built
from lineform.loading.validation import FieldProblem
from lineform.model.address import Address
from lineform.model.campaign import CampaignSpec
from lineform.model.coupon import FIELDS, CouponSpec, coupon_to_line
from lineform.model.origin import dotted
from lineform.model.problem import did_you_mean
from lineform.sending.given import coupons_brought


def coupon_problems(client: ReadClient, built: Mapping[Address, Built]) -> Iterator[tuple[Address, FieldProblem]]:
    """Coupons of a client that LINE would not make, each with its address."""
    for address, one in built.items():
        if isinstance(spec := one.spec, CouponSpec) and one.resource is not None:
            for finding in check_coupon(coupon_to_line(spec, client.timezone)):
                head, *rest = finding.path
                path = (FIELDS.get(str(head), str(head)), *rest)
                yield address, FieldProblem(path, CODES[finding.reason], f"{dotted(path)} {finding.text}")


def unknown_coupons(spec: CampaignSpec, known: Collection[str]) -> Iterator[FieldProblem]:
    """Messages that bring a coupon which this client has not."""
    for path, name in coupons_brought(spec.messages).items():
        if name not in known:
            where = ("messages", *path)
            hint = did_you_mean(name, known) or "declare it in a file of kind coupon, and name it under uses.coupons"
            yield FieldProblem(where, "E323", f"{dotted(where)}: unknown coupon '{name}'", hint)
