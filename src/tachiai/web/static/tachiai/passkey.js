// A passkey signs what the server has put into the form; the form is sent with what it said. The server judges it.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const made = async (d) => {
  const { response } = await navigator.credentials.create({ publicKey: {
    challenge: bytes(d.challenge),
    rp: { id: d.rpId, name: d.rpName },
    user: { id: bytes(d.user), name: d.name, displayName: d.displayName },
    pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
    attestation: "none",
  } });
  return { client_data: response.clientDataJSON, attestation: response.attestationObject };
};
const said = async (d) => {
  const { rawId, response } = await navigator.credentials.get({ publicKey: {
    challenge: bytes(d.challenge),
    rpId: d.rpId,
    allowCredentials: [{ type: "public-key", id: bytes(d.credential) }],
    userVerification: "required",
  } });
  return {
    credential: rawId,
    client_data: response.clientDataJSON,
    authenticator_data: response.authenticatorData,
    signature: response.signature,
  };
};

for (const told of document.querySelectorAll("[data-no-scripts]")) told.remove();
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const news = form.querySelector("[data-passkey-news]");
  let asking = false;
  // Before anything else that listens: a press is only sent once the passkey has spoken.
  form.addEventListener("submit", async (event) => {
    if (form.dataset.spoken) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (asking) return;
    news.textContent = "";
    if (!window.PublicKeyCredential) { news.textContent = news.dataset.unable; return; }
    asking = true;
    try {
      const told = await (form.dataset.passkey === "create" ? made : said)(form.dataset);
      for (const [name, value] of Object.entries(told)) form.elements[name].value = text(value);
      form.dataset.spoken = "1";
      form.requestSubmit();
    } catch (why) {
      news.textContent = ["SecurityError", "NotSupportedError"].includes(why.name) ? news.dataset.unable : news.dataset.stopped;
    } finally {
      asking = false;
    }
  }, { capture: true });
  // Back from the server's answer, the passkey speaks anew.
  addEventListener("pageshow", (event) => { if (event.persisted) delete form.dataset.spoken; });
}
