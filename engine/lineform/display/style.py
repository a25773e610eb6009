"""The stylesheet of every page, in the order in which one reads a page: page, chat, Flex Messages, rich menus, rows of
cards, and what a phone has beside them.

One light and one dark palette by `prefers-color-scheme`. Flex and template bubbles stay light in the dark, as LINE
shows them. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

PAGE = """
:root{color-scheme:light dark;--lf-page:#f4f6f8;--lf-ink:#16202b;--lf-quiet:#5b6875;--lf-card:#fff;
  --lf-edge:#d8dee5;--lf-button:#067a3c;--lf-button-ink:#fff;
--lf-link:#0b62c4;--lf-accent:#06a94d;--lf-chat:#8fabd3;--lf-stamp:#3c5374;--lf-in:#fff;--lf-in-ink:#111;
  --lf-out:#8de055;--lf-out-ink:#111;
--lf-font:-apple-system,BlinkMacSystemFont,"Hiragino Sans","Noto Sans JP","Noto Sans CJK JP","Yu Gothic UI",Meiryo,
  sans-serif}
@media(prefers-color-scheme:dark){:root{--lf-page:#11161c;--lf-ink:#e6ebf0;--lf-quiet:#9aa7b4;--lf-card:#1a2129;
  --lf-edge:#323d48;--lf-button:#3ddc84;--lf-button-ink:#0b1a11;
--lf-link:#7db8ff;--lf-accent:#3ddc84;--lf-chat:#1c2530;--lf-stamp:#aebccb;--lf-in:#333d48;--lf-in-ink:#f2f5f7;
  --lf-out:#4f9d2d;--lf-out-ink:#fff}}
*{box-sizing:border-box}
body{margin:0;background:var(--lf-page);color:var(--lf-ink);font:16px/1.6 var(--lf-font)}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem;line-height:1.3;margin:0 0 1rem}h2{font-size:1.15rem;margin:2rem 0 .6rem}
a{color:var(--lf-link)}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Noto Sans Mono CJK JP",monospace}
pre{overflow:auto;background:var(--lf-card);border:1px solid var(--lf-edge);border-radius:8px;padding:.8rem}
table{border-collapse:collapse;width:100%}
th,td{padding:.45rem .6rem;border-bottom:1px solid var(--lf-edge);text-align:left;vertical-align:top}
th{font-size:.85rem;color:var(--lf-quiet);font-weight:600}
.lf-card{background:var(--lf-card);border:1px solid var(--lf-edge);border-radius:12px;padding:1rem;margin:1rem 0}
.lf-columns{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start}
.lf-quiet{color:var(--lf-quiet)}
:focus-visible{outline:2px solid var(--lf-accent);outline-offset:2px}
"""

CHAT = """
.lf-chat{background:var(--lf-chat);border-radius:14px;padding:14px 12px 18px;max-width:430px;overflow:hidden}
.lf-chat.lf-wide{max-width:none}
.lf-day{display:block;width:max-content;max-width:100%;margin:14px auto;padding:2px 12px;border-radius:99px;
  font-size:12px;color:#fff;background:rgb(0 0 0/.28)}
.lf-note{margin:10px auto;padding:4px 12px;width:max-content;max-width:90%;border-radius:10px;font-size:12px;
  line-height:1.5;text-align:center;color:#fff;background:rgb(0 0 0/.28);white-space:pre-wrap;
  overflow-wrap:anywhere}
.lf-message{display:grid;grid-template-columns:36px minmax(0,1fr);column-gap:8px;margin:10px 0;
  font:14px/1.45 var(--lf-font);color:var(--lf-in-ink)}
.lf-face{width:36px;height:36px;border-radius:50%;overflow:hidden;background:#06c755;color:#fff;display:grid;
  place-items:center;font-size:16px;font-weight:700}
.lf-face img{width:100%;height:100%;object-fit:cover}
.lf-name{font-size:12px;color:var(--lf-stamp);margin-bottom:3px;overflow-wrap:anywhere}
.lf-row{display:flex;align-items:flex-end;gap:6px;min-width:0}
.lf-content{min-width:0;max-width:100%}
.lf-row>.lf-content:has(>.lf-bubble){max-width:260px}
.lf-time{flex:none;font-size:11px;color:var(--lf-stamp);line-height:1.2}
.lf-mine{grid-template-columns:minmax(0,1fr)}
.lf-mine .lf-row{flex-direction:row-reverse}
.lf-mine .lf-bubble{background:var(--lf-out);color:var(--lf-out-ink)}
.lf-bubble{display:block;width:fit-content;max-width:100%;padding:9px 13px;border-radius:17px;
  background:var(--lf-in);white-space:pre-wrap;overflow-wrap:anywhere}
.lf-bubble a{color:inherit}
.lf-emoji{display:inline-grid;place-items:center;width:1.35em;height:1.35em;border-radius:50%;background:#ffd84d;
  color:#6b4b00;font-size:.95em;line-height:1;vertical-align:-.25em}
.lf-mention{color:var(--lf-link);font-weight:600}
.lf-sticker{display:grid;place-items:center;align-content:center;gap:2px;width:148px;height:132px;
  border-radius:22px;background:rgb(255 255 255/.78);color:#34414f;font-size:12px;text-align:center}
.lf-sticker b{font-size:46px;line-height:1.2;font-weight:400}
.lf-media{position:relative;display:block;width:230px;max-width:100%;aspect-ratio:4/3;border-radius:14px;
  overflow:hidden;background:#dfe5ec;color:#44505d}
.lf-media img{display:block;width:100%;height:100%;object-fit:cover}
.lf-play{position:absolute;inset:0;margin:auto;width:48px;height:48px;border-radius:50%;background:rgb(0 0 0/.55);
  color:#fff;display:grid;place-items:center;font-size:19px;padding-left:3px}
.lf-audio{display:flex;align-items:center;gap:10px;min-width:180px;text-decoration:none}
.lf-wave{flex:1;height:14px;min-width:80px;
  background:repeating-linear-gradient(90deg,currentColor 0 2px,transparent 2px 6px);opacity:.45;border-radius:2px}
.lf-location,.lf-coupon,.lf-template{width:260px;max-width:100%;border-radius:14px;overflow:hidden;background:#fff;
  color:#111}
.lf-map{height:110px;display:grid;place-items:center;
  background:linear-gradient(90deg,transparent 48%,#fff 48% 54%,transparent 54%),linear-gradient(0deg,
  transparent 40%,#fff 40% 48%,transparent 48%),linear-gradient(120deg,#cfe8cf 0 38%,#e8e6df 38% 100%)}
.lf-pin{width:26px;height:26px;border-radius:50% 50% 50% 0;transform:rotate(-45deg);
  background:radial-gradient(circle,#fff 0 5px,#e5484d 5.5px);box-shadow:0 0 0 2px #fff}
.lf-words{padding:12px 14px;overflow-wrap:anywhere}
.lf-words b{display:block;font-size:15px;margin-bottom:3px}
.lf-words small{display:block;color:#66717d;font-size:12px}
.lf-words p{margin:0;white-space:pre-wrap}
.lf-ribbon{padding:9px 14px;background:#06c755;color:#fff;font-weight:700;font-size:13px}
.lf-coupon .lf-words{border-top:2px dashed #cdd5dd}
.lf-thumb{display:block;position:relative;width:100%;overflow:hidden;background:#fff;color:#44505d}
.lf-thumb img{width:100%;height:100%;object-fit:cover;display:block}
.lf-contain img{object-fit:contain}
.lf-choices{display:flex;flex-direction:column}
.lf-choices>*{display:block;padding:11px 14px;border-top:1px solid #e8ebef;text-align:center;color:#42659a;
  font-weight:600;text-decoration:none;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;cursor:pointer}
.lf-confirm .lf-choices{flex-direction:row}
.lf-confirm .lf-choices>*{flex:1;min-width:0}
.lf-confirm .lf-choices>*+*{border-left:1px solid #e8ebef}
.lf-shelf{display:flex;gap:9px;overflow-x:auto;padding-bottom:4px;align-items:stretch;scrollbar-width:thin}
.lf-shelf>*{flex:none}
.lf-shelf .lf-template{display:flex;flex-direction:column;width:240px}
.lf-shelf .lf-words{flex:1}
.lf-poster{position:relative;width:190px;aspect-ratio:1;border-radius:14px;overflow:hidden;background:#dfe5ec;
  color:#44505d;display:block}
.lf-poster img{width:100%;height:100%;object-fit:cover;display:block}
.lf-poster .lf-caption{position:absolute;left:50%;bottom:12px;transform:translateX(-50%);max-width:92%;
  padding:3px 14px;border-radius:99px;background:rgb(0 0 0/.55);color:#fff;font-size:12px;white-space:nowrap;
  overflow:hidden;text-overflow:ellipsis}
.lf-unknown{padding:8px 12px;border:1px dashed #a5342b;border-radius:8px;background:#fff4f2;color:#8a2018;
  font-size:13px;overflow-wrap:anywhere}
.lf-nopicture{display:grid;place-items:center;width:100%;height:100%;min-height:1em;padding:4px;background:#e4e9ef;
  color:#5b6875;font-size:11px;line-height:1.3;text-align:center;overflow:hidden;overflow-wrap:anywhere}
img{position:relative}
img::after{content:attr(alt);position:absolute;inset:0;display:grid;place-items:center;padding:4px;
  background:linear-gradient(135deg,#e9edf2,#d5dce5);color:#5b6875;font:11px/1.3 var(--lf-font);text-align:center;
  overflow:hidden;overflow-wrap:anywhere}
.lf-quick{display:flex;gap:7px;overflow-x:auto;padding:10px 2px 4px;scrollbar-width:thin}
.lf-quick>*{flex:none;display:flex;align-items:center;gap:6px;padding:6px 14px;border-radius:99px;background:#fff;
  color:#234;border:1px solid #c6d0da;font-size:13px;text-decoration:none;white-space:nowrap;cursor:pointer}
.lf-quick .lf-quickicon{width:20px;height:20px;border-radius:50%;overflow:hidden;flex:none}
.lf-quick img,.lf-quick .lf-nopicture{width:20px;height:20px;object-fit:cover;font-size:0}
[data-action]{cursor:pointer}
"""

FLEX = """
.fx-one{max-width:100%}
.fx-carousel{display:flex;gap:9px;overflow-x:auto;padding-bottom:4px;align-items:stretch;scrollbar-width:thin}
.fx-carousel>.fx-bubble{flex:none;max-width:86%}
.fx-carousel>.fx-bodyless{align-self:flex-start}
.fx-bubble{display:flex;flex-direction:column;overflow:hidden;max-width:100%;border-radius:10px;background:#fff;
  color:#111;font:16px/1.4 var(--lf-font);text-align:start;white-space:normal}
.fx-nano{width:120px}.fx-micro{width:160px}.fx-deca{width:220px}.fx-hecto{width:241px}.fx-kilo{width:260px}
  .fx-mega{width:300px;border-radius:17px}.fx-giga{width:500px;border-radius:5px}
.fx-bubble p{margin:0}
.fx-block{display:flex;flex-direction:column;flex:none}
.fx-body{flex:1 0 auto}
.fx-body>.fx-box{flex:1 0 auto!important}
.fx-header>.fx-box{padding:20px}
.fx-body>.fx-box{padding:19px 20px 20px}
.fx-beforefooter>.fx-box{padding-bottom:10px}
.fx-footer>.fx-box{padding:10px}
.fx-kilo .fx-header>.fx-box,.fx-kilo .fx-body>.fx-box{padding:13px}
.fx-hecto .fx-header>.fx-box,.fx-hecto .fx-body>.fx-box,.fx-deca .fx-header>.fx-box,
  .fx-deca .fx-body>.fx-box{padding:11px 14px 13px}
.fx-kilo .fx-beforefooter>.fx-box,.fx-hecto .fx-beforefooter>.fx-box,
  .fx-deca .fx-beforefooter>.fx-box{padding-bottom:17px}
.fx-micro .fx-header>.fx-box,.fx-micro .fx-body>.fx-box,.fx-nano .fx-header>.fx-box,
  .fx-nano .fx-body>.fx-box{padding:10px}
.fx-box{display:flex;position:relative;overflow:hidden;min-width:0;max-width:100%}
.fx-vertical{flex-direction:column}
.fx-horizontal,.fx-baseline{flex-direction:row}
.fx-baseline{align-items:baseline}
.fx-text,.fx-button,.fx-image{display:flex;flex-direction:column;position:relative;min-width:0;max-width:100%}
.fx-text p{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.fx-text.fx-wrap p{white-space:pre-wrap;overflow-wrap:anywhere;text-overflow:clip}
.fx-text.fx-clamp p{display:-webkit-box;-webkit-box-orient:vertical;text-overflow:ellipsis}
.fx-text.fx-shrink{container-type:inline-size}
.fx-text p:empty::before{content:"\\200b"}
.fx-text.fx-center{text-align:center}.fx-text.fx-end{text-align:end}
.fx-middle{justify-content:center}.fx-bottom{justify-content:flex-end}
.fx-image{align-items:center;overflow:hidden}
.fx-image.fx-start{align-items:flex-start}.fx-image.fx-end{align-items:flex-end}
.fx-area{display:block;position:relative;max-width:100%;overflow:hidden}
.fx-area>img,.fx-area>.lf-nopicture{position:absolute;inset:0;display:block;width:100%;height:100%}
.fx-area>.lf-nopicture{display:grid}
.fx-fit>img{object-fit:contain}.fx-cover>img{object-fit:cover}
.fx-face{display:flex;align-items:center;justify-content:center;width:100%;height:52px;padding:0 16px;
  border-radius:8px;font-size:16px;text-decoration:none;container-type:inline-size}
.fx-low{height:40px}
.fx-label{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;max-width:100%}
.fx-primary{background-color:#17c950;color:#fff}.fx-secondary{background-color:#dcdfe5;color:#111}
  .fx-link{color:#42659a}
.fx-icon{position:relative;line-height:1.4;max-width:100%}
.fx-glyph{display:inline-block;position:relative;height:1em;overflow:hidden;vertical-align:baseline}
.fx-glyph img,.fx-glyph .lf-nopicture{position:absolute;inset:0;display:block;width:100%;height:100%;
  object-fit:contain;font-size:0;padding:0;border-radius:3px}
.fx-glyph img::after{font-size:0}
.fx-line{flex:none;align-self:stretch;border:0 solid #d4d6da}
.fx-vertical>.fx-line,.fx-bubble>.fx-line{border-top-width:1px}
.fx-horizontal>.fx-line{border-inline-start-width:1px}
.fx-filler{flex:1 1 0;min-width:0;min-height:0}
.fx-spacer{flex:none}
.fx-aftervideo{align-self:stretch;padding:10px;text-align:center;color:#42659a;text-decoration:none}
"""

MENU = """
.lf-menu{max-width:430px;border:1px solid var(--lf-edge);border-radius:12px;overflow:hidden;
  background:var(--lf-card);color:var(--lf-ink);font:14px/1.5 var(--lf-font)}
.lf-menupicture{position:relative;width:100%;overflow:hidden;background:#dfe5ec}
.lf-menupicture>img,.lf-menupicture>.lf-nopicture{position:absolute;inset:0;width:100%;height:100%;object-fit:fill}
.lf-tap{position:absolute;display:block;border:2px solid rgb(0 98 255/.75);border-radius:4px;text-decoration:none;
  cursor:pointer}
.lf-tap:hover,.lf-tap:focus{background:rgb(0 98 255/.28)}
.lf-number{position:absolute;top:4px;left:4px;min-width:22px;height:22px;padding:0 6px;border-radius:99px;
  background:#0b62c4;color:#fff;font-size:12px;line-height:22px;text-align:center;font-weight:700}
.lf-tap>.lf-does{display:none;position:absolute;left:4px;right:4px;bottom:4px;padding:2px 6px;border-radius:6px;
  background:rgb(0 0 0/.78);color:#fff;font-size:11px;line-height:1.35;max-height:calc(100% - 8px);overflow:hidden;
  overflow-wrap:anywhere}
.lf-tap:hover>.lf-does,.lf-tap:focus>.lf-does{display:block}
.lf-outside{border-color:#d92d20;border-style:dashed}
.lf-bar{padding:9px;text-align:center;border-top:1px solid var(--lf-edge);font-weight:600}
.lf-bar small{color:var(--lf-quiet);font-weight:400}
.lf-legend{margin:0;padding:10px 14px 12px 2.4rem;border-top:1px solid var(--lf-edge)}
.lf-legend li{padding:2px 0;overflow-wrap:anywhere}
.lf-legend li::marker{color:var(--lf-link);font-weight:700}
.lf-legend small{color:var(--lf-quiet)}
"""

GALLERY = """
main:has(.lf-gallery){max-width:88rem}
h3{font-size:1rem;margin:1.6rem 0 .7rem;color:var(--lf-quiet)}
section{margin-top:2.5rem;border-top:1px solid var(--lf-edge)}
section>h2{margin-top:1.2rem}
.lf-gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,20rem),1fr));gap:1.1rem;
  align-items:start}
.lf-shown{margin:0;min-width:0;padding:.8rem;border:1px solid var(--lf-edge);border-radius:14px;
  background:var(--lf-card)}
.lf-shown>figcaption{display:flex;flex-direction:column;margin:0 .1rem .7rem;line-height:1.45;
  overflow-wrap:anywhere}
.lf-shown>figcaption .lf-quiet{font-size:.82rem}
.lf-shown>.lf-chat,.lf-shown>.lf-menu{max-width:none}
.lf-shown>*+.lf-unknown{margin-top:.6rem}
.lf-phone>.lf-chat{max-height:34rem;overflow-y:auto;overscroll-behavior:contain;scrollbar-width:thin}
.lf-scroll{overflow-x:auto;scrollbar-width:thin}
.lf-scroll th,.lf-scroll td{white-space:nowrap}
.lf-scroll td:last-child{white-space:normal}
.lf-matrix th,.lf-matrix td{padding:.15rem .45rem;text-align:center;color:var(--lf-accent)}
.lf-matrix th:first-child,.lf-matrix td:first-child{position:sticky;left:0;background:var(--lf-page);
  text-align:left;color:var(--lf-ink)}
details>summary{cursor:pointer;padding:.3rem 0}
"""

PHONE = """
.lf-friendship{display:flex;justify-content:space-between;align-items:center;max-width:430px;margin:0 0 8px}
.lf-friendship button,.lf-write button,.lf-pick button{font:inherit;padding:7px 14px;border:0;border-radius:8px;
  background:var(--lf-button);color:var(--lf-button-ink);cursor:pointer}
.lf-log{max-width:430px;max-height:34rem;overflow-y:auto;overscroll-behavior:contain;scrollbar-width:thin;
  border-radius:14px;background:var(--lf-chat)}
.lf-write{display:flex;gap:8px;max-width:430px;margin:10px 0}
.lf-write input,.lf-pick input{min-width:0;font:inherit;padding:7px 10px;border:1px solid var(--lf-quiet);
  border-radius:8px;background:var(--lf-card);color:inherit}
.lf-write input{flex:1}
#menu .lf-tap:not(:focus-visible)>.lf-does{display:none}
#trouble{max-width:430px;margin:0}
#trouble:not(:empty){margin:0 0 10px;padding:6px 12px;border:1px solid currentColor;border-radius:8px;color:#a5342b;
  background:#fff4f2}
.lf-pick{width:20rem;max-width:calc(100vw - 2rem);padding:1.2rem;border:1px solid var(--lf-edge);border-radius:14px;
  background:var(--lf-card);color:var(--lf-ink)}
.lf-pick::backdrop{background:rgb(0 0 0/.45)}
.lf-pick label{display:flex;flex-direction:column;gap:.4rem;font-weight:600}
.lf-pick input{width:100%;font-weight:400}
.lf-pick div{display:flex;flex-direction:row-reverse;gap:8px;margin-top:1rem}
.lf-pick button[type=button]{border:1px solid var(--lf-quiet);background:transparent;color:inherit}
"""

STYLE = PAGE + CHAT + FLEX + MENU + GALLERY + PHONE
