// Check a 惠才卡 QR code with published keys; Node 18 or later, no packages.
//   node verify.mjs 'HCK1:…' https://the.service      (or a folder with jwks.json)
// Prints `valid` or `refused <reason>`; with an address the card's status list is asked too.
import { webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import { inflateSync } from "node:zlib";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
class Refused extends Error {}
const need = (holds, reason) => { if (!holds) throw new Refused(reason); };
const unb64 = (text) => Buffer.from(text, "base64url");
const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

function base45(text) {
  const digits = [...text].map((c) => ALPHABET.indexOf(c));
  need(digits.length % 3 !== 1, "bad-base45");
  const out = [];
  for (let at = 0; at < digits.length; at += 3) {
    const group = digits.slice(at, at + 3);
    const number = group.reduce((sum, digit, n) => sum + digit * 45 ** n, 0);
    need(number < 256 ** (group.length - 1), "bad-base45");
    if (group.length === 3) out.push(number >> 8);
    out.push(number & 255);
  }
  return Uint8Array.from(out);
}

// Reads the deterministic CBOR of the profile: integers, strings, arrays, maps, tag 18.
class NotWellFormed extends Error {}
class NotDeterministic extends Error {}
function decode(bytes) {
  let at = 0, odd = false;
  const take = (n) => { if (at + n > bytes.length) throw new NotWellFormed(); return bytes.slice(at, (at += n)); };
  const argument = (low) => {
    if (low < 24) return low;
    if (low > 27) throw new NotWellFormed();
    const size = 2 ** (low - 24);
    const value = take(size).reduce((sum, byte) => sum * 256 + byte, 0);
    if (value < [24, 256, 65536, 4294967296][low - 24]) odd = true;
    return value;
  };
  const item = (depth) => {
    if (depth > 8) throw new NotWellFormed();
    const [head] = take(1), major = head >> 5, low = head & 31;
    if (major === 7 || low === 31) { throw low === 31 ? new NotWellFormed() : new NotDeterministic(); }
    const n = argument(low);
    switch (major) {
      case 0: return n;
      case 1: return -1 - n;
      case 2: return take(n);
      case 3: try { return new TextDecoder("utf-8", { fatal: true }).decode(take(n)); } catch { throw new NotWellFormed(); }
      case 4: return many(n, () => item(depth + 1));
      case 5: return map(n, depth);
      default: return { tag: n, value: item(depth + 1) };
    }
  };
  const many = (n, one) => {
    if (n > bytes.length - at) throw new NotWellFormed();
    return Array.from({ length: n }, one);
  };
  const map = (n, depth) => {
    const found = new Map();
    let before = null;
    many(n, () => {
      const start = at, key = item(depth + 1), encoded = bytes.slice(start, at);
      if (before && Buffer.compare(Buffer.from(before), Buffer.from(encoded)) >= 0) odd = true;
      before = encoded;
      found.set(key, item(depth + 1));
    });
    return found;
  };
  const value = item(1);
  if (at !== bytes.length) throw new NotWellFormed();
  if (odd) throw new NotDeterministic();
  return value;
}
function one(bytes, broken, odd) {
  try { return decode(bytes); } catch (wrong) {
    if (wrong instanceof NotDeterministic) throw new Refused(odd);
    if (wrong instanceof NotWellFormed) throw new Refused(broken);
    throw wrong;
  }
}

const head = (major, n) => n < 24 ? [major << 5 | n] : n < 256 ? [major << 5 | 24, n] : [major << 5 | 25, n >> 8, n & 255];
const toSign = (protectedBytes, payload) => Uint8Array.from([
  0x84, 0x6a, ...Buffer.from("Signature1"), ...head(2, protectedBytes.length), ...protectedBytes,
  0x40, ...head(2, payload.length), ...payload,
]);
async function verifies(jwk, signature, signed) {
  if (signature.length !== 64) return false;
  const { kty, crv, x, y } = jwk, kind = { name: "ECDSA", namedCurve: "P-256" };
  const key = await webcrypto.subtle.importKey("jwk", { kty, crv, x, y }, kind, false, ["verify"]);
  return webcrypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, signed);
}

const isBytes = (v, n) => v instanceof Uint8Array && (n === undefined || v.length === n);
const isMap = (v, keys) => v instanceof Map && v.size === keys.length && keys.every((k) => v.has(k));
const isUint = (v) => Number.isInteger(v) && v >= 0;
function claimsHold(typ, claims) {
  if (!(claims instanceof Map)) return false;
  const wanted = [1, 2, 3, 4, 6, 7, ...(typ === "hck-l" ? [65535] : [])];
  const more = [...claims.keys()].filter((k) => !wanted.includes(k) && !(typ === "hck-l" && k === -65537));
  if (more.length || !wanted.every((k) => claims.has(k))) return false;
  if (![1, 2, 3].every((k) => typeof claims.get(k) === "string")) return false;
  if (Buffer.byteLength(claims.get(1)) > 5 || !/^[A-Za-z0-9_-]{12}$/.test(claims.get(2))) return false;
  if (!isUint(claims.get(4)) || !isUint(claims.get(6)) || !isBytes(claims.get(7), 16)) return false;
  if (typ === "hck-p") return true;
  const outer = claims.get(65535), inner = outer instanceof Map ? outer.get("status_list") : null;
  if (!isMap(outer, ["status_list"]) || !isMap(inner, ["idx", "uri"])) return false;
  if (!isUint(inner.get("idx")) || inner.get("idx") > 65535) return false;
  if (typeof inner.get("uri") !== "string" || !/^hck:[0-9a-z]{1,6}$/.test(inner.get("uri"))) return false;
  if (!claims.has(-65537)) return true;
  const card = claims.get(-65537);
  return isMap(card, [1, 2]) && isUint(card.get(1)) && card.get(1) >= 1 && card.get(1) <= 23
    && typeof card.get(2) === "string" && /^.\*$/su.test(card.get(2));
}

export async function check(text, jwks, now, issuer = "hck37") {
  need([...text].length <= 900, "too-long");
  need([...text].every((c) => ALPHABET.includes(c)), "bad-characters");
  need(text.startsWith("HCK1:"), "bad-prefix");
  const message = one(base45(text.slice(5)), "bad-cbor", "not-canonical");
  const parts = message?.tag === 18 && Array.isArray(message.value) ? message.value : [];
  need(parts.length === 4, "bad-structure");
  const [protectedBytes, bare, payload, signature] = parts;
  need(isBytes(protectedBytes) && bare instanceof Map && isBytes(payload) && isBytes(signature), "bad-structure");
  need(bare.size === 0, "bad-header");
  const header = one(protectedBytes, "bad-header", "bad-header");
  need(isMap(header, [1, 4, 16]) && Number.isInteger(header.get(1)) && isBytes(header.get(4), 8), "bad-header");
  const typ = header.get(16);
  need(typeof typ === "string", "bad-header");
  const key = jwks.keys.find((k) => k.hck_use === "card" && same(unb64(k.kid), header.get(4)));
  need(key, "unknown-key");
  need(header.get(1) === -7, "bad-algorithm");
  need(key.nbf <= now && now < key.exp, "key-not-valid");
  need(await verifies(key, signature, toSign(protectedBytes, payload)), "bad-signature");
  need(typ === "hck-l" || typ === "hck-p", "bad-type");
  const claims = one(payload, "bad-claims", "bad-claims");
  need(claimsHold(typ, claims), "bad-claims");
  need(claims.get(1) === issuer, "wrong-issuer");
  need(claims.get(3) === "desk", "wrong-audience");
  const life = claims.get(4) - claims.get(6);
  need(life > 0 && life <= (typ === "hck-l" ? 120 : 1830 * 86400), "bad-lifetime");
  need(claims.get(6) <= now + 10, "not-yet-valid");
  need(now < claims.get(4), "expired");
  return { typ, claims };
}

async function get(url) {
  if (!url.startsWith("http")) return readFile(url);
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  return Buffer.from(await answer.arrayBuffer());
}

async function status(origin, claims, jwks, now) {
  const inner = claims.get(65535).get("status_list"), uri = inner.get("uri"), idx = inner.get("idx");
  const [head64, body, signature] = String(await get(`${origin}/v1/status-lists/${uri.slice(4)}`)).split(".");
  const header = JSON.parse(unb64(head64)), payload = JSON.parse(unb64(body));
  const key = jwks.keys.find((k) => k.hck_use === "card" && k.kid === header.kid);
  need(key && header.typ === "statuslist+jwt", "status-unknown");
  need(await verifies(key, unb64(signature), Buffer.from(`${head64}.${body}`)), "status-unknown");
  need(payload.sub === uri && now < payload.exp, "status-unknown");
  const packed = inflateSync(unb64(payload.status_list.lst), { maxOutputLength: 16384 });
  return packed[idx >> 2] >> 2 * (idx & 3) & 3;
}

export async function main([text, origin, at]) {
  const now = at ? Number(at) : Math.floor(Date.now() / 1000), online = origin.startsWith("http");
  const jwks = JSON.parse(await get(online ? `${origin}/.well-known/jwks.json` : `${origin}/jwks.json`));
  try {
    const { typ, claims } = await check(text, jwks, now);
    if (online && typ === "hck-l") {
      const entry = await status(origin, claims, jwks, now);
      need(entry === 0, entry === 2 ? "card-suspended" : "card-revoked");
    }
    console.log("valid");
  } catch (wrong) {
    if (!(wrong instanceof Refused)) throw wrong;
    console.log("refused", wrong.message);
    process.exitCode = 1;
  }
}

if (process.argv[1]?.endsWith("verify.mjs")) await main(process.argv.slice(2));
