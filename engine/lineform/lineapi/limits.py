"""LINE's numbers, each with the page of https://developers.line.biz/en that states it.

``REF`` stands for https://developers.line.biz/en/reference/messaging-api/. Where LINE's pages and its OpenAPI
disagree, the comment says which one is followed.
"""

from __future__ import annotations

from typing import Final

REF: Final = "https://developers.line.biz/en/reference/messaging-api/"

# --- any request: REF#status-codes
REQUEST_BODY_BYTES: Final = 2 * 1024 * 1024  # 2 MB, else 413

# --- messages: REF#message-objects
MESSAGES_PER_REQUEST: Final = 5
MULTICAST_RECIPIENTS: Final = 500  # REF#send-multicast-message
TEXT_UNITS: Final = 5000  # REF#text-message
TEXT_EMOJIS: Final = 20
TEXT_V2_SUBSTITUTIONS: Final = 100  # REF#text-message-v2
TEXT_V2_KEY: Final = 20
TEXT_V2_MENTIONS: Final = 20
TEXT_V2_EMOJIS: Final = 20
ALT_TEXT_UNITS: Final = 1500  # REF#flex-message; older material says 400
URL_UNITS: Final = 2000  # every URL that LINE fetches
SENDER_NAME_UNITS: Final = 20  # REF#icon-nickname-switch
QUICK_REPLY_ITEMS: Final = 13  # REF#items-object
LOCATION_UNITS: Final = 100  # REF#location-message, title and address each
TRACKING_ID_UNITS: Final = 100  # REF#video-message
DELIVERY_TAG_UNITS: Final = 30  # REF#coupon-message
IMAGE_BYTES: Final = 10 * 1024 * 1024  # REF#image-message
PREVIEW_BYTES: Final = 1024 * 1024
VIDEO_BYTES: Final = 200 * 1024 * 1024  # REF#video-message
AUDIO_BYTES: Final = 200 * 1024 * 1024  # REF#audio-message

# --- imagemap: REF#imagemap-message
IMAGEMAP_WIDTH: Final = 1040
IMAGEMAP_WIDTHS: Final = (240, 300, 460, 700, 1040)
IMAGEMAP_ACTIONS: Final = 50
IMAGEMAP_LABEL: Final = 100
IMAGEMAP_TEXT: Final = 400
IMAGEMAP_LINK: Final = 1000
IMAGEMAP_EXTERNAL_LABEL: Final = 30

# --- templates: REF#template-messages
BUTTONS_ACTIONS: Final = 4
BUTTONS_TEXT: Final = 160
BUTTONS_TEXT_WITH_IMAGE_OR_TITLE: Final = 60
TEMPLATE_TITLE: Final = 40
CONFIRM_TEXT: Final = 240
CONFIRM_ACTIONS: Final = 2
CAROUSEL_COLUMNS: Final = 10
CAROUSEL_TEXT: Final = 120
CAROUSEL_TEXT_WITH_IMAGE_OR_TITLE: Final = 60
CAROUSEL_ACTIONS: Final = 3

# --- Flex: REF#bubble, REF#f-carousel. The page says "KB" and no more; 1024 bytes are taken.
BUBBLE_BYTES: Final = 30 * 1024
FLEX_CAROUSEL_BYTES: Final = 50 * 1024
FLEX_CAROUSEL_BUBBLES: Final = 12
FLEX_ANIMATED_IMAGES: Final = 10  # REF#f-image, per message
FLEX_ANIMATED_BYTES: Final = 300 * 1024
FLEX_RATIO_PART: Final = 100_000  # REF#f-image: each side of aspectRatio; the height at most three times the width
FLEX_RATIO_HEIGHT: Final = 3

# --- actions: REF#action-objects
ACTION_DATA: Final = 300
ACTION_TEXT: Final = 300  # displayText, fillInText, a postback's and a message action's text
# The reference says 1,000, the OpenAPI gives none, LINE's SDK of October 2026 raised it to 10,000. The strict one is
# taken: what it lets through, each of them accepts.
ACTION_URI: Final = 1000
CLIPBOARD_TEXT: Final = 1000
LABEL: Final = 20  # REF#action-object-label-spec: templates, rich menus, quick replies
LABEL_IMAGE_CAROUSEL: Final = 12
LABEL_FLEX: Final = 40
DATE_MIN: Final = "1900-01-01"  # REF#datetime-picker-action
DATE_MAX: Final = "2100-12-31"

# --- rich menus: REF#rich-menu-object
RICHMENU_NAME: Final = 300
RICHMENU_BAR_TEXT: Final = 14
RICHMENU_AREAS: Final = 20
RICHMENU_WIDTH_MIN: Final = 800
RICHMENU_WIDTH_MAX: Final = 2500
RICHMENU_HEIGHT_MIN: Final = 250
RICHMENU_RATIO_MIN: Final = 1.45
RICHMENU_BOUND_MAX: Final = 2_147_483_647
RICHMENU_IMAGE_BYTES: Final = 1024 * 1024  # REF#upload-rich-menu-image
RICHMENU_IMAGE_TYPES: Final = ("image/jpeg", "image/png")
RICHMENUS: Final = 1000  # REF#create-rich-menu, per account, made by the API
RICHMENU_ALIASES: Final = 1000  # REF#create-rich-menu-alias
RICHMENU_ALIAS_PATTERN: Final = r"[a-z0-9_-]{1,32}"
RICHMENU_ALIAS: Final = 32
RICHMENU_BULK_USERS: Final = 500  # REF#link-rich-menu-to-users
RICHMENU_BATCH_OPERATIONS: Final = 1000  # REF#batch-control-rich-menus-of-users
RICHMENU_BATCH_KEY_PATTERN: Final = r"[0-9a-zA-Z_-]{1,100}"
RICHMENU_BATCH_KEY_DAYS: Final = 14
RICHMENU_BATCH_PROGRESS_DAYS: Final = 14

# --- retry keys: REF#retry-api-request
RETRY_KEY_HOURS: Final = 24

# --- reply tokens: REF#send-reply-message-reply-token
REPLY_TOKEN_SECONDS: Final = 60
REPLY_TOKEN_REDELIVERED_MINUTES: Final = 20  # after the event, where the webhook came again

# --- narrowcast: REF#send-narrowcast-message
NARROWCAST_RECIPIENT_OBJECTS: Final = 10
NARROWCAST_DEMOGRAPHIC_OBJECTS: Final = 10
NARROWCAST_ATTRIBUTE_REACH_MIN: Final = 100  # target reach where attributes are used, else 403
NARROWCAST_RECIPIENTS_MIN: Final = 50  # final recipients, and each of several audiences
NARROWCAST_PROGRESS_DAYS: Final = 14

# --- statistics per unit: REF#send-push-message
UNITS_PER_MESSAGE: Final = 1
UNIT_PATTERN: Final = r"[A-Za-z0-9_]{1,30}"
UNITS_PER_MONTH: Final = 1000  # the next name is dropped without a word
INSIGHT_CLICKERS_MIN: Final = 20  # fewer are answered with null
INSIGHT_UPDATED_DAYS: Final = 14

# --- audiences: REF#manage-audience-group
AUDIENCES: Final = 1000
AUDIENCE_DESCRIPTION: Final = 120
AUDIENCE_UPLOAD_DESCRIPTION: Final = 300
AUDIENCE_JSON_IDS: Final = 10_000
AUDIENCE_FILE_IDS: Final = 1_500_000
AUDIENCE_DAYS: Final = 180  # after creation it expires; a month later it is deleted
AUDIENCE_EXPIRED_DAYS: Final = 30  # "one month", whose length LINE does not state
AUDIENCE_CONCURRENT: Final = 10  # running operations on one audience, else 429
AUDIENCE_PAGE: Final = 40
AUDIENCE_PAGE_DEFAULT: Final = 20
AUDIENCE_JOBS_SHOWN: Final = 50
AUDIENCE_REQUEST_DAYS: Final = 60  # so old may a request be that a click or impression audience is made from
AUDIENCE_CLICK_URL: Final = 2000
AUDIENCE_SHOWN_MIN: Final = 20  # smaller ones show 0, uploads by user id and chat tags excepted

# --- coupons: REF#create-coupon
COUPON_TITLE: Final = 60
COUPON_DESCRIPTION: Final = 1000
COUPON_USAGE_CONDITION: Final = 100
COUPON_CODE: Final = 16
COUPONS_VALID: Final = 5000
COUPON_LOTTERY_MAX: Final = 99
COUPON_ACQUIRE_MAX: Final = 999_999
COUPON_PAGE: Final = 100

# --- users and the rest
FOLLOWERS_PAGE: Final = 1000  # REF#get-follower-ids
FOLLOWERS_PAGE_DEFAULT: Final = 300
LOADING_SECONDS: Final = (5, 60)  # REF#display-a-loading-indicator, in steps of five
LOADING_SECONDS_STEP: Final = 5
LOADING_SECONDS_DEFAULT: Final = 20
WEBHOOK_URL: Final = 500  # REF#set-webhook-endpoint-url
WEBHOOK_ANSWER_SECONDS: Final = 2  # https://developers.line.biz/en/docs/messaging-api/receiving-messages/
LIFF_APPS: Final = 30  # https://developers.line.biz/en/reference/liff-server/
LINK_TOKEN_MINUTES: Final = 10  # REF#issue-link-token
PUSH_AFTER_MESSAGE_DAYS: Final = 7  # REF#send-push-message: a non-friend may be answered that long
STATELESS_TOKEN_SECONDS: Final = 900  # https://developers.line.biz/en/docs/basics/channel-access-token/
TOKEN_DAYS: Final = 30
TOKENS: Final = 30

USER_ID_PATTERN: Final = r"U[0-9a-f]{32}"  # https://developers.line.biz/en/docs/messaging-api/getting-user-ids/
