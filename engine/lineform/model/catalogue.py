"""The table of kinds: a new kind is one file and one line here."""

from __future__ import annotations

from lineform.model.address import Kind
from lineform.model.attributes import AttributesSpec
from lineform.model.audience import SegmentSpec
from lineform.model.audience_spec import AudienceSpec
from lineform.model.base import Spec
from lineform.model.campaign import CampaignSpec
from lineform.model.client import ClientSpec, ExpectationSpec, ProjectSpec
from lineform.model.code_pool import CodesSpec
from lineform.model.coupon import CouponSpec
from lineform.model.form import FormSpec
from lineform.model.menu_rules import MenuRulesSpec
from lineform.model.recommendations import RecommendationsSpec
from lineform.model.reply import ReplySpec
from lineform.model.richmenu import RichMenuSpec
from lineform.model.route import RouteSpec
from lineform.model.scenario import ScenarioSpec

SPECS: dict[Kind, type[Spec]] = {
    Kind.PROJECT: ProjectSpec,
    Kind.CLIENT: ClientSpec,
    Kind.ATTRIBUTES: AttributesSpec,
    Kind.SEGMENT: SegmentSpec,
    Kind.AUDIENCE: AudienceSpec,
    Kind.CAMPAIGN: CampaignSpec,
    Kind.SCENARIO: ScenarioSpec,
    Kind.RICHMENU: RichMenuSpec,
    Kind.CODES: CodesSpec,
    Kind.COUPON: CouponSpec,
    Kind.MENU_RULES: MenuRulesSpec,
    Kind.REPLY: ReplySpec,
    Kind.FORM: FormSpec,
    Kind.RECOMMENDATIONS: RecommendationsSpec,
    Kind.ROUTE: RouteSpec,
    Kind.TEST: ExpectationSpec,
}

SHARED_FOLDERS = ("campaigns", "segments", "richmenus", "replies", "forms", "routes", "clients")
"""Folders whose YAML files are all read, at any depth; `kind` decides. Files under ``clients/<name>/`` belong to that
client alone. Folders called ``messages`` hold parts that other files name, and are not read by themselves."""
