// Keeps the reviewer's name in a cookie of this browser, and notices when another tab was told another name.
const tabs = new BroadcastChannel("breakhis_identity");
let look = () => {};
tabs.onmessage = () => look();
document.addEventListener("visibilitychange", () => look());

export default function ({ data, setTriggerValue }) {
  look = () => {
    const there = read(data.cookie);
    if (there === data.name) return;
    // What this tab knew may be replaced; what it never saw was said in another tab.
    if (there && there !== data.read) return setTriggerValue("elsewhere", there);
    document.cookie = `${data.cookie}=${encodeURIComponent(data.name)}; path=/; max-age=31536000; SameSite=Lax`;
    tabs.postMessage("");
  };
  look();
}

function read(cookie) {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${cookie}=`)) ?? "=";
  try {
    return decodeURIComponent(found.slice(found.indexOf("=") + 1));
  } catch {
    return "";
  }
}
