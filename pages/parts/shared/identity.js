/* Keeps the reviewer's name in a cookie of this browser, and notices when another tab was told another name. */
const YEAR = 31536000; // Seconds.
const tabs = new BroadcastChannel("breakhis_identity");
let look = () => {};
tabs.onmessage = () => look();
document.addEventListener("visibilitychange", () => look());

export function identity({ data, setTriggerValue }) {
  look = () => {
    const there = read(data.cookie);
    if (there === data.name) return;
    // What this tab knew may be replaced; what it never saw was said in another tab.
    if (there && there !== data.read) {
      setTriggerValue("elsewhere", there);
      return;
    }
    const value = encodeURIComponent(data.name);
    document.cookie = `${data.cookie}=${value}; path=/; max-age=${YEAR}; SameSite=Lax`;
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
