"""The one script of the entrance: LINE's library says who opens the page, and our server says where to go.

https://developers.line.biz/en/reference/liff/#initialize-liff-app. What the page was opened with stands in its address;
LINE hands it on in ``liff.state``.
"""

SCRIPT = """
(async () => {
  const said = document.getElementById("said");
  try {
    await liff.init({liffId: LIFF_ID});
    if (!liff.isLoggedIn()) { liff.login({redirectUri: location.href}); return; }
    const asked = new URLSearchParams(location.search);
    const answer = await fetch(location.pathname, {
      method: "POST",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify({id_token: liff.getIDToken(), open: asked.get("open") || "", name: asked.get("name") || ""}),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const {go} = await answer.json();
    location.replace(go);
  } catch (error) {
    said.textContent = "うまく開けませんでした。トーク画面からもう一度お試しください。";
  }
})();
"""
