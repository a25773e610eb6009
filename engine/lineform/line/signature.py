"""Whether LINE signed a webhook: line-bot-sdk's own validator, over the bytes as they came.

https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
"""

from __future__ import annotations

from linebot.v3.webhook import SignatureValidator


class ChannelSignature:
    """Knows one channel's secret."""

    def __init__(self, secret: str) -> None:
        self._validator = SignatureValidator(secret)

    def __repr__(self) -> str:
        return "ChannelSignature()"

    def holds(self, body: bytes, signature: str) -> bool:
        """In a time that tells nothing about the right signature. What is not UTF-8 is not of LINE's making."""
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return False
        held: bool = self._validator.validate(text, signature)
        return held
