// The check of a bundle in a browser, without a network: the same steps, and the same verdict, as evidence/verification.py.
//
// A page opened from disk cannot read the files beside it, so the bundle is given to it: the ZIP or the folder, dropped or
// chosen. Nothing leaves the page; its content policy would not let it. Sections follow the Python files named at each.
"use strict";

const C = JSON.parse(document.getElementById("constants").textContent);
const utf8 = new TextEncoder();
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const sha256Hex = async (bytes) => hex(await sha256(bytes));
const textOf = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
const sameBytes = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
const joined = (...parts) => {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
};
const byBytes = (a, b) => (a < b ? -1 : a > b ? 1 : 0); // names are ASCII where it matters
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isSha256 = (value) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
const fault = (code, name, what = "") => ({ code, name, what });

class NotReadable extends Error {}
class NotABundle extends Error {}
class NotCanonical extends Error {}
class TokenRefused extends Error {}
class CannotCheck extends Error {} // this browser lacks what it takes

// canonical JSON, RFC 8785: evidence/canonical.py ------------------------------------------------------------------

function canonical(value) {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new NotCanonical("a lone surrogate");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isObject(value)) {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${canonical(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isFinite(value)) throw new NotCanonical("no JSON number");
  return JSON.stringify(value ?? null);
}

function readCanonical(bytes) {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    if (sameBytes(utf8.encode(canonical(value)), bytes)) return value;
  } catch (error) {
    throw new NotCanonical(String(error));
  }
  throw new NotCanonical("JSON, but not in canonical form (RFC 8785)");
}

const digestOf = (value) => sha256Hex(utf8.encode(canonical(value)));

// the container: evidence/container.py and container_reading.py ----------------------------------------------------

const LOCAL = 30, DIRECTORY = 46, END = 22;
const STORED = 0, DEFLATED = 8;
const CHUNK = 1 << 20;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit += 1) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) crc = CRC_TABLE[(crc ^ bytes[at]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const at = async (blob, offset, size) =>
  new Uint8Array(await blob.slice(Math.max(offset, 0), Math.max(offset, 0) + size).arrayBuffer());
const view = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const startsWith = (bytes, signature) => bytes.length >= 4 && view(bytes).getUint32(0, true) === signature;
const SIGNATURES = { local: 0x04034b50, directory: 0x02014b50, end: 0x06054b50 };

function packed(fields) {
  const whole = new Uint8Array(fields.reduce((size, [width]) => size + width, 0));
  let offset = 0;
  for (const [width, value] of fields) {
    if (width === 2) view(whole).setUint16(offset, value, true);
    else view(whole).setUint32(offset, value, true);
    offset += width;
  }
  return whole;
}

const fixed = [[2, 20], [2, 0], [2, STORED], [2, 0], [2, (1 << 5) | 1]];
const localHeader = (name, crc, size) =>
  joined(packed([[4, SIGNATURES.local], ...fixed, [4, crc], [4, size], [4, size], [2, name.length], [2, 0]]), name);
const directoryEntry = (name, crc, size, offset) =>
  joined(
    packed([
      [4, SIGNATURES.directory], [2, (3 << 8) | 20], ...fixed, [4, crc], [4, size], [4, size], [2, name.length],
      [2, 0], [2, 0], [2, 0], [2, 0], [4, 0o100644 * 65536], [4, offset],
    ]),
    name,
  );
const endRecord = (files, size, offset) =>
  packed([[4, SIGNATURES.end], [2, 0], [2, 0], [2, files], [2, files], [4, size], [4, offset], [2, 0]]);

async function readListing(blob) {
  const byHeaders = await listedByHeaders(blob);
  return byHeaders.whole ? byHeaders : (await listedByDirectory(blob)) ?? byHeaders;
}

async function listedByHeaders(blob) {
  const members = [];
  let offset = 0;
  while (members.length <= C.MOST_CONTAINER_FILES) {
    const header = await at(blob, offset, LOCAL);
    if (startsWith(header, SIGNATURES.directory) || startsWith(header, SIGNATURES.end))
      return { members, whole: members.length > 0 };
    if (header.length < LOCAL || !startsWith(header, SIGNATURES.local)) break;
    const read = view(header);
    const ours = [20, 0, STORED, 0, (1 << 5) | 1].every((value, n) => read.getUint16(4 + 2 * n, true) === value);
    const [crc, small, size] = [14, 18, 22].map((n) => read.getUint32(n, true));
    const nameSize = read.getUint16(26, true);
    const dataAt = offset + LOCAL + nameSize;
    if (!ours || small !== size || read.getUint16(28, true) || dataAt + size > blob.size) break;
    const name = await at(blob, offset + LOCAL, nameSize);
    members.push({ name, crc, packed: size, size, headerAt: offset, dataAt, method: STORED, encrypted: false, mode: 0 });
    offset = dataAt + size;
  }
  return { members, whole: false };
}

async function listedByDirectory(blob) {
  const tailAt = Math.max(0, blob.size - END - 0xffff);
  const tail = await at(blob, tailAt, END + 0xffff);
  let found = tail.length - 4;
  while (found >= 0 && !startsWith(tail.subarray(found), SIGNATURES.end)) found -= 1;
  if (found < 0 || tail.length - found < END) return null;
  const end = view(tail.subarray(found));
  const size = end.getUint32(12, true);
  const directoryAt = tailAt + found - size;
  if (directoryAt < 0 || size > C.LARGEST_DIRECTORY) return null;
  const shift = directoryAt - end.getUint32(16, true);
  const directory = await at(blob, directoryAt, size);
  const entries = [];
  let offset = 0;
  while (entries.length <= C.MOST_CONTAINER_FILES && startsWith(directory.subarray(offset), SIGNATURES.directory)) {
    if (directory.length - offset < DIRECTORY) return null;
    const read = view(directory.subarray(offset));
    const [nameSize, extra, comment] = [28, 30, 32].map((n) => read.getUint16(n, true));
    entries.push({
      name: directory.slice(offset + DIRECTORY, offset + DIRECTORY + nameSize),
      crc: read.getUint32(16, true),
      packed: read.getUint32(20, true),
      size: read.getUint32(24, true),
      headerAt: read.getUint32(42, true) + shift,
      method: read.getUint16(10, true),
      encrypted: (read.getUint16(8, true) & 1) === 1,
      mode: read.getUint16(40, true),
    });
    offset += DIRECTORY + nameSize + extra + comment;
  }
  if (!entries.length) return null;
  entries.sort((a, b) => a.headerAt - b.headerAt);
  for (const [n, entry] of entries.entries()) {
    const next = n + 1 < entries.length ? entries[n + 1].headerAt : directoryAt;
    const ours = entry.headerAt + LOCAL + entry.name.length;
    const header = await at(blob, entry.headerAt, LOCAL);
    if (next - entry.packed === ours || header.length < LOCAL) entry.dataAt = ours;
    else entry.dataAt = entry.headerAt + LOCAL + view(header).getUint16(26, true) + view(header).getUint16(28, true);
    entry.dataAt = Math.max(entry.dataAt, 0);
  }
  return { members: entries, whole: true };
}

async function readMember(blob, member) {
  if (member.encrypted || ![STORED, DEFLATED].includes(member.method)) throw new NotReadable("encrypted or packed");
  const limit = Math.min(member.size, member.packed * C.MOST_GROWTH + CHUNK);
  const stored = blob.slice(member.dataAt, member.dataAt + member.packed);
  if (stored.size < member.packed) throw new NotReadable("it is cut short");
  let bytes;
  if (member.method === STORED) bytes = new Uint8Array(await stored.arrayBuffer());
  else bytes = await inflated(stored, limit);
  if (bytes.length > limit) throw new NotReadable("larger than it claims");
  if (bytes.length !== member.size) throw new NotReadable("another size than it claims");
  return bytes;
}

async function inflated(stored, limit) {
  const chunks = [];
  let size = 0;
  const reader = stored.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > limit) throw new NotReadable("it grows beyond measure when unpacked");
      chunks.push(value);
    }
  } catch (error) {
    throw error instanceof NotReadable ? error : new NotReadable(String(error));
  }
  return joined(...chunks);
}

async function foreignParts(blob, members, crcs) {
  if (members.reduce((sum, member) => sum + member.size, 0) > blob.size)
    return ["its sizes: they are false, or another program packed this ZIP"];
  const parts = [], directory = [];
  let offset = 0;
  for (const member of members) {
    const shown = shownName(nameOf(member.name));
    const crc = crcs.get(textOfName(member.name)) ?? member.crc;
    const header = localHeader(member.name, crc, member.size);
    parts.push([`header of ${shown}`, offset, header]);
    directory.push([`directory entry of ${shown}`, directoryEntry(member.name, crc, member.size, offset)]);
    offset += header.length + member.size;
  }
  const directoryAt = offset;
  for (const [name, entry] of directory) {
    parts.push([name, offset, entry]);
    offset += entry.length;
  }
  const end = endRecord(members.length, offset - directoryAt, directoryAt);
  parts.push(["end record", offset, end]);
  let differ = [];
  for (const [name, where, expected] of parts)
    if (!sameBytes(await at(blob, where, expected.length), expected)) differ.push(name);
  if (differ.length > C.FEW_PARTS)
    differ = [
      ...differ.slice(0, C.FEW_PARTS),
      `${differ.length - C.FEW_PARTS} more parts: another program wrote this ZIP`,
    ];
  const names = members.map((member) => textOfName(member.name));
  if (!sameList(names, [...new Set(names)].sort(byBytes))) differ.push("order of the files");
  const excess = blob.size - offset - end.length;
  if (excess) differ.push(excess > 0 ? `${excess} bytes after its end` : `${-excess} bytes missing at its end`);
  return differ;
}

const sameList = (a, b) => a.length === b.length && a.every((value, n) => value === b[n]);
const textOfName = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""); // one to one

// the contents: evidence/contents.py -------------------------------------------------------------------------------

function nameOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte < 128 ? byte : 0xdc00 + byte)).join("");
  }
}

function shownName(name) {
  const quote = name.includes("'") && !name.includes('"') ? '"' : "'";
  const named = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "'": quote === "'" ? "\\'" : "'" };
  return Array.from(name, (character) => {
    const code = character.codePointAt(0);
    if (named[character]) return named[character];
    if (code >= 32 && code < 127) return character;
    if (code < 256) return `\\x${code.toString(16).padStart(2, "0")}`;
    return code < 65536 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
  }).join("");
}

function refusalOf(name) {
  if (!/^[!-.0-~]+(\/[!-.0-~]+)*$/.test(name) || name.includes("\\") || name.includes(":")) return "not plain";
  return name.split("/").some((part) => part === "." || part === "..") ? "leads out" : null;
}

async function foundIn(blob, bytes) {
  return { size: bytes.length, sha256: await sha256Hex(bytes), crc: crc32(bytes), blob };
}

async function contentsOfZip(blob, told) {
  const listing = await readListing(blob);
  if (!listing.members.length) throw new NotABundle("neither a folder nor a ZIP");
  const files = new Map(), refusals = [];
  const members = listing.members;
  const plain = new Map();
  if (members.length > C.MOST_FILES) refusals.push({ name: "", why: "too many files" });
  else if (members.reduce((sum, member) => sum + member.packed, 0) > blob.size)
    refusals.push({ name: "", why: "the files of the ZIP overlap" });
  else
    for (const member of members) {
      const name = nameOf(member.name);
      if (name.endsWith("/") && member.size === 0 && refusalOf(name.slice(0, -1)) === null) continue;
      let why = refusalOf(name);
      if ((member.mode & 0o170000) === 0o120000) why = "it is a link";
      else if (plain.has(name)) why = "its name is used twice";
      if (why) refusals.push({ name, why });
      else plain.set(name, member);
    }
  for (const [name, member] of plain) {
    told(name);
    try {
      const bytes = await readMember(blob, member);
      const own = member.method === STORED ? blob.slice(member.dataAt, member.dataAt + member.size) : new Blob([bytes]);
      files.set(name, await foundIn(own, bytes));
    } catch (error) {
      if (!(error instanceof NotReadable)) throw error;
      refusals.push({ name, why: error.message });
    }
  }
  const foreign = async (expected) => {
    const crcs = new Map();
    for (const [name, found] of files) if (found.sha256 === expected.get(name)) crcs.set(name, found.crc);
    const cut = listing.whole ? [] : ["the ZIP is cut short or damaged after the files listed"];
    return [...cut, ...(await foreignParts(blob, members, crcs))];
  };
  return { files, refusals, foreign };
}

async function contentsOfFolder(named, told) {
  const files = new Map(), refusals = [];
  for (const [name, blob] of named) {
    told(name);
    const why = refusalOf(name);
    if (why) refusals.push({ name, why });
    else files.set(name, await foundIn(blob, new Uint8Array(await blob.arrayBuffer())));
  }
  if (files.size + refusals.length > C.MOST_FILES) return { files: new Map(), refusals: [{ name: "", why: "too many files" }], foreign: async () => [] };
  return { files, refusals, foreign: async () => [] };
}

// the files that others determine: evidence/bundle_files.py --------------------------------------------------------

function sumsText(digests) {
  return [...digests.keys()].sort(byBytes).map((name) => `${digests.get(name)}  ${name}\n`).join("");
}

function readSums(text) {
  const sums = new Map();
  for (const line of text.split("\n")) {
    const match = /^([0-9a-f]{64}) {2}(\S.*)$/.exec(line);
    if (match) sums.set(match[2], match[1]);
  }
  return sums;
}

function verifyText(digest, claims) {
  if (claims.format === C.FORMAT_1) return C.VERIFY_TEXT_1.replace("{digest}", () => `sha256:${digest}`);
  const lines = ["sha256sum -c SHA256SUMS", ...opensslLines(claims.proofs)];
  const commands = lines.map((line) => `    ${line}\n`).join("");
  return C.VERIFY_TEXT_2.replace("{digest}", () => `sha256:${digest}`).replace("{commands}", () => commands);
}

const signedParts = (proofs) => [...proofs.statements, ...[proofs.head, proofs.witnessed].filter((one) => one !== null)];

function opensslLines(proofs) {
  const keys = new Map(proofs.keys.map((key) => [key.key_id, key.file]));
  const signed = [
    { file: C.MANIFEST, signature: C.SIGNATURE, key_id: proofs.signed_by, token: null },
    ...signedParts(proofs),
  ];
  const lines = [];
  for (const each of signed)
    if (each.signature && keys.has(each.key_id))
      lines.push(
        `openssl pkeyutl -verify -rawin -pubin -inkey ${keys.get(each.key_id)} ` +
          `-in ${each.file} -sigfile ${each.signature}`,
      );
  for (const each of signed)
    if (each.token && each.token_at && proofs.authorities)
      lines.push(
        `openssl ts -verify -data ${each.file} -in ${each.token} -CAfile ${proofs.authorities} ` +
          `-attime ${Math.floor(Date.parse(each.token_at) / 1000)}`,
      );
  return lines;
}

// the manifest agrees with itself: evidence/claims.py --------------------------------------------------------------

const OR_NULL = (kind) => [kind, "null"];
const PARTS = {
  format: "string", made_at: "string", software: "string", incident: "object", camera: "object", geofence: "object",
  recording: OR_NULL("object"), analysis: OR_NULL("object"), sightings: "array", events: "array", decisions: "array",
  exhibits: "array", draft: OR_NULL("object"), custody: "array", sufficiency: "array", files: "object",
};
const EXHIBIT_PARTS = { file: "string", kind: "string", sha256: "string", size_bytes: "integer", recipe: "object" };
const PROOFS_PARTS = {
  keys: "array", signed_by: OR_NULL("string"), statements: "array", head: OR_NULL("object"), witnessed: OR_NULL("object"), log: OR_NULL("string"),
  authorities: OR_NULL("string"),
};
const KEY_PARTS = { key_id: "string", file: "string", valid_from: "string", valid_to: OR_NULL("string") };
const SIGNED_PARTS = {
  file: "string", signature: OR_NULL("string"), key_id: OR_NULL("string"), signed_at: OR_NULL("string"),
  token: OR_NULL("string"), token_at: OR_NULL("string"), why_no_token: OR_NULL("string"),
};

function kindOf(value) {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isSafeInteger(value) ? "integer" : typeof value;
}

function* wrongForm(value, parts) {
  for (const [name, kinds] of Object.entries(parts))
    if (!Object.hasOwn(value, name)) yield `${name} is missing`;
    else if (![kinds].flat().includes(kindOf(value[name])) && !([kinds].flat().includes("integer") && typeof value[name] === "boolean"))
      yield `${name} is not of the right kind`;
}

function malformed(claims) {
  if (!isObject(claims)) return ["it is not an object"];
  const parts = { ...PARTS };
  if (claims.format !== C.FORMAT_1) parts.proofs = "object";
  if (Object.hasOwn(claims, "deleted")) parts.deleted = "array";
  if (Object.hasOwn(claims, "seen_with")) parts.seen_with = OR_NULL("object");
  const wrong = [...wrongForm(claims, parts)];
  if (wrong.length) return wrong;
  for (const name of ["files", "exhibits", "deleted"])
    if (Object.keys(claims[name] ?? []).length > C.MOST_FILES) wrong.push(`${name} has more entries than any bundle`);
  wrong.push(...wrongForm(claims.incident, { id: "string" }));
  for (const entry of Object.values(claims.files))
    if (!isObject(entry) || !isSha256(entry.sha256) || kindOf(entry.size_bytes) !== "integer") wrong.push("files");
  for (const exhibit of claims.exhibits) {
    if (isObject(exhibit)) wrong.push(...wrongForm(exhibit, EXHIBIT_PARTS));
    else wrong.push("exhibits");
  }
  for (const each of claims.deleted ?? [])
    if (isObject(each)) wrong.push(...wrongForm(each, { kind: "string", sha256: "string" }));
    else wrong.push("deleted");
  if (claims.draft !== null) wrong.push(...wrongForm(claims.draft, { file: "string" }));
  if (claims.seen_with) wrong.push(...wrongForm(claims.seen_with, { model: "object", clock: "object" }));
  if (claims.format !== C.FORMAT_1) wrong.push(...malformedProofs(claims.proofs));
  return wrong;
}

function* malformedProofs(proofs) {
  const wrong = [...wrongForm(proofs, PROOFS_PARTS)];
  yield* wrong;
  if (wrong.length) return;
  const named = [
    ...proofs.keys.map((key) => [key, KEY_PARTS]),
    ...proofs.statements.map((each) => [each, { ...SIGNED_PARTS, exhibit: "string" }]),
    ...[proofs.head, proofs.witnessed].filter((one) => one !== null).map((head) => [head, SIGNED_PARTS]),
  ];
  const files = [proofs.log, proofs.authorities], moments = [];
  for (const [each, parts] of named) {
    if (!isObject(each)) {
      yield "not an object";
      continue;
    }
    yield* wrongForm(each, parts);
    files.push(each.file, each.signature, each.token);
    moments.push(each.valid_from, each.valid_to, each.signed_at, each.token_at);
  }
  for (const name of files) if (typeof name === "string" && !/^proof\/[A-Za-z0-9_.]+$/.test(name)) yield "no name of a proof";
  for (const moment of moments) if (typeof moment === "string" && !isInstant(moment)) yield "no moment";
}

function isInstant(text) {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{6}Z$/.exec(text);
  if (!match || /[^\x20-\x7e]/.test(text)) return false;
  const date = new Date(`${match[1]}Z`);
  return !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(match[1]) && !text.startsWith("0000");
}

function contradictions(claims) {
  const wrong = [], { exhibits, files, custody } = claims;
  const cited = exhibits.map((exhibit) => exhibit.file);
  const count = (name) => cited.filter((other) => other === name).length;
  const file = (name) => (Object.hasOwn(files, name) ? files[name] : null);
  for (const exhibit of exhibits) {
    const entry = file(exhibit.file);
    if (!entry || entry.sha256 !== exhibit.sha256 || entry.size_bytes !== exhibit.size_bytes) wrong.push(exhibit.file);
  }
  for (const name of Object.keys(files)) if (name.startsWith(C.EXHIBITS) && count(name) !== 1) wrong.push(name);
  const clips = [...exhibits, ...(claims.deleted ?? [])].filter((exhibit) => exhibit.kind === "clip").map((exhibit) => exhibit.sha256);
  const origins = { still: "clip_sha256", close_up: "clip_sha256", derivative: "original_sha256" };
  for (const exhibit of exhibits) {
    const needs = Object.hasOwn(origins, exhibit.kind) ? origins[exhibit.kind] : null;
    if (needs && !clips.includes(exhibit.recipe[needs])) wrong.push(`origin of ${exhibit.file}`);
  }
  const drafted = claims.draft ? [claims.draft.file] : [];
  if (!sameList(drafted, file(C.DRAFT) ? [C.DRAFT] : [])) wrong.push("draft");
  const objectsOf = (act) => custody.filter((entry) => isObject(entry) && entry.act === act && typeof entry.sha256 === "string").map((entry) => entry.sha256);
  const [sealed, gone] = [objectsOf("sealed"), objectsOf("deleted")], deleted = claims.deleted ?? [];
  for (const exhibit of exhibits) if (!sealed.includes(exhibit.sha256)) wrong.push(`custody of ${exhibit.file}`);
  const here = new Set([...exhibits, ...deleted].map((each) => each.sha256));
  for (const sha256 of sealed) if (!here.has(sha256)) wrong.push(`sha256:${shownName(sha256)} was sealed, and is neither an exhibit nor said to be deleted`);
  for (const each of deleted) if (!gone.includes(each.sha256)) wrong.push(`no custody entry says that sha256:${shownName(each.sha256)} was deleted`);
  const last = custody.at(-1);
  if (!isObject(last) || last.act !== "exported") wrong.push("the last custody entry is not the export");
  if (claims.seen_with)
    for (const name of ["offset_s", "error_s"])
      if (canonical(claims.seen_with.clock[name] ?? null) !== canonical(claims.camera[`clock_${name}`] ?? null)) wrong.push(`clock ${name}`);
  if (claims.format !== C.FORMAT_1) wrong.push(...proofsAndFiles(claims));
  return wrong;
}

function proofsAndFiles(claims) {
  const wrong = [], { proofs } = claims;
  const signed = signedParts(proofs);
  const named = [...proofs.keys.map((key) => key.file), proofs.log, proofs.authorities];
  for (const each of signed) named.push(each.file, each.signature, each.token);
  const there = Object.keys(claims.files).filter((name) => name.startsWith(C.PROOF));
  if (!sameList(named.filter((name) => name !== null).sort(byBytes), there.sort(byBytes))) wrong.push("proofs and files");
  const cited = proofs.statements.map((each) => each.exhibit);
  const exhibits = claims.exhibits.map((exhibit) => exhibit.file);
  if (!cited.every((name) => exhibits.includes(name))) wrong.push("a statement speaks of no exhibit");
  if (new Set(cited).size !== cited.length) wrong.push("an exhibit has two statements");
  if ((proofs.head === null) !== (proofs.log === null) || (proofs.witnessed && !proofs.head)) wrong.push("the log and its head are not both there");
  if (new Set(proofs.keys.map((key) => key.key_id)).size !== proofs.keys.length) wrong.push("a key is named twice");
  return wrong;
}

// the chain of custody: evidence/custody_chain.py ------------------------------------------------------------------

const CUSTODY_FIELDS = ["incident", "seq", "act", "actor", "at", "reason", "sha256", "previous"];

async function custodyBreaks(entries, incident) {
  const wrong = [];
  let previous = null;
  for (const [n, entry] of entries.entries()) {
    if (!isObject(entry) || !sameList(Object.keys(entry).sort(), [...CUSTODY_FIELDS, "digest"].sort())) {
      wrong.push(`entry ${n + 1} does not have the fields of a custody entry`);
      previous = null;
      continue;
    }
    if (entry.incident !== incident) wrong.push(`entry ${n + 1} belongs to another incident`);
    if (entry.seq !== n + 1) wrong.push(`entry ${n + 1} is numbered otherwise`);
    if (entry.previous !== previous) wrong.push(`entry ${n + 1} does not name the digest of the one before it`);
    const said = Object.fromEntries(CUSTODY_FIELDS.map((name) => [name, entry[name]]));
    if (entry.digest !== (await digestOf(said))) wrong.push(`entry ${n + 1} was changed`);
    previous = entry.digest;
  }
  return wrong;
}

// the Merkle tree, RFC 6962: evidence/merkle.py --------------------------------------------------------------------

const node = (left, right) => sha256(joined(Uint8Array.of(1), left, right));
const leafHash = (data) => sha256(joined(Uint8Array.of(0), data));

async function includes(leaf, index, size, path, root) {
  if (!(index >= 0 && index < size)) return false;
  let [at_, last, hash] = [BigInt(index), BigInt(size) - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) return false;
    if (at_ & 1n || at_ === last) {
      hash = await node(sibling, hash);
      while (!(at_ & 1n) && at_) [at_, last] = [at_ >> 1n, last >> 1n];
    } else hash = await node(hash, sibling);
    [at_, last] = [at_ >> 1n, last >> 1n];
  }
  return last === 0n && sameBytes(hash, root);
}

async function isConsistent(first, second, firstRoot, secondRoot, path) {
  if (!(first >= 0 && first <= second)) return false;
  if (first === second) return !path.length && sameBytes(firstRoot, secondRoot);
  if (first === 0) return !path.length && sameBytes(firstRoot, await sha256(new Uint8Array()));
  let [at_, last] = [BigInt(first) - 1n, BigInt(second) - 1n];
  const nodes = (BigInt(first) & at_) === 0n ? [firstRoot, ...path] : path;
  if (!nodes.length) return false;
  while (at_ & 1n) [at_, last] = [at_ >> 1n, last >> 1n];
  let older = nodes[0], newer = nodes[0];
  for (const each of nodes.slice(1)) {
    if (last === 0n) return false;
    if (at_ & 1n || at_ === last) {
      [older, newer] = [await node(each, older), await node(each, newer)];
      while (!(at_ & 1n) && at_) [at_, last] = [at_ >> 1n, last >> 1n];
    } else newer = await node(newer, each);
    [at_, last] = [at_ >> 1n, last >> 1n];
  }
  return last === 0n && sameBytes(older, firstRoot) && sameBytes(newer, secondRoot);
}

// signatures: evidence/signature.py --------------------------------------------------------------------------------

function ofPem(bytes, label) {
  const all = [];
  const pattern = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----`, "g");
  for (const match of textOf(bytes).matchAll(pattern))
    try {
      all.push(Uint8Array.from(atob(match[1].replace(/\s/g, "")), (character) => character.charCodeAt(0)));
    } catch {
      return [];
    }
  return all;
}

const ED25519_PREFIX = "302a300506032b6570032100";

function publicKey(pem) {
  const [der] = ofPem(pem, "PUBLIC KEY");
  return der && der.length === 44 && hex(der).startsWith(ED25519_PREFIX) ? der : null;
}

async function signatureHolds(der, message, signature) {
  let key;
  try {
    key = await crypto.subtle.importKey("spki", der, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error.name === "NotSupportedError") throw new CannotCheck("ed25519");
    return false;
  }
  return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
}

// timestamp tokens, RFC 3161 and RFC 5652: evidence/timestamp_token.py ---------------------------------------------

const OID = {
  signedData: "2a864886f70d010702", tstInfo: "2a864886f70d0109100104", sha256: "608648016503040201",
  sha384: "608648016503040202", sha512: "608648016503040203", contentType: "2a864886f70d010903",
  messageDigest: "2a864886f70d010904", rsa: "2a864886f70d010101", ec: "2a8648ce3d0201", extendedUse: "551d25",
  basicConstraints: "551d13", timeStamping: "2b06010505070308",
};
const HASHES = { [OID.sha256]: "SHA-256", [OID.sha384]: "SHA-384", [OID.sha512]: "SHA-512" };
const CURVES = { "2a8648ce3d030107": ["P-256", 32], "2b81040022": ["P-384", 48], "2b81040023": ["P-521", 66] };
const CERTIFICATE_HASHES = {
  "2a8648ce3d040302": "SHA-256", "2a8648ce3d040303": "SHA-384", "2a8648ce3d040304": "SHA-512",
  "2a864886f70d01010b": "SHA-256", "2a864886f70d01010c": "SHA-384", "2a864886f70d01010d": "SHA-512",
};

// One element of DER: its tag, its bytes with and without the head, and its parts where it has some.
function der(bytes, offset = 0) {
  const [tag, first] = [bytes[offset], bytes[offset + 1]];
  if (first === undefined || (tag & 31) === 31 || first === 128 || first > 132) throw new TokenRefused("not DER");
  let [length, start] = [first, offset + 2];
  if (first > 128) {
    start += first - 128;
    length = bytes.subarray(offset + 2, start).reduce((sum, byte) => sum * 256 + byte, 0);
  }
  if (start + length > bytes.length) throw new TokenRefused("not DER: cut short");
  const body = bytes.subarray(start, start + length);
  return { tag, body, whole: bytes.subarray(offset, start + length), next: start + length };
}

function parts(element, tag) {
  if (!element || (tag !== undefined && element.tag !== tag)) throw new TokenRefused("not a timestamp token");
  const found = [];
  for (let offset = 0; offset < element.body.length; ) {
    const part = der(element.body, offset);
    found.push(part);
    offset = part.next;
  }
  return found;
}

const oidOf = (element) => {
  if (!element || element.tag !== 6) throw new TokenRefused("not a timestamp token");
  return hex(element.body);
};

function readToken(token) {
  const answer = der(token);
  const [status, content] = parts(answer, 0x30);
  if (answer.next !== token.length || hex(parts(status, 0x30)[0].body) !== "00" || !content)
    throw new TokenRefused("the authority gave no token");
  const [type, wrapped] = parts(content, 0x30);
  if (oidOf(type) !== OID.signedData) throw new TokenRefused("not a timestamp token");
  const signed = parts(parts(wrapped, 0xa0)[0], 0x30);
  const [contentType, octets] = parts(signed[2], 0x30);
  if (oidOf(contentType) !== OID.tstInfo) throw new TokenRefused("not a timestamp token");
  const info = parts(octets, 0xa0)[0].body;
  const [, , imprint, , time] = parts(der(info), 0x30);
  const [algorithm, digest] = parts(imprint, 0x30);
  const certificates = signed.filter((part) => part.tag === 0xa0).flatMap((set) => parts(set));
  return {
    info,
    certificates: certificates.map(readCertificate),
    signers: parts(signed.at(-1), 0x31),
    algorithm: oidOf(parts(algorithm, 0x30)[0]),
    digest: digest.body,
    at: timeOf(time),
  };
}

function timeOf(element) {
  const text = textOf(element.body);
  const match = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d+)?Z$/.exec(text);
  if (!match) throw new TokenRefused("not a time");
  const [, year, month, day, hour, minute, second, fraction] = match;
  const full = year.length === 4 ? year : `${Number(year) < 50 ? 20 : 19}${year}`;
  return `${full}-${month}-${day}T${hour}:${minute}:${second}${(fraction ?? ".").padEnd(7, "0").slice(0, 7)}Z`;
}

function readCertificate(element) {
  const [body, algorithm, signature] = parts(element, 0x30);
  let fields = parts(body, 0x30);
  if (fields[0].tag === 0xa0) fields = fields.slice(1);
  const [serial, , issuer, validity, subject, spki] = fields;
  const extensions = new Map();
  for (const set of fields.filter((field) => field.tag === 0xa3))
    for (const extension of parts(parts(set)[0], 0x30)) {
      const [oid, ...rest] = parts(extension, 0x30);
      extensions.set(oidOf(oid), { critical: rest[0].tag === 1 && rest[0].body[0] !== 0, value: rest.at(-1).body });
    }
  const [since, until] = parts(validity, 0x30).map(timeOf);
  return {
    body: body.whole, algorithm: oidOf(parts(algorithm, 0x30)[0]), signature: signature.body.subarray(1), extensions,
    serial: hex(serial.body), issuer: hex(issuer.whole), subject: hex(subject.whole), spki: spki.whole, since, until,
  };
}

async function keyHolds(spki, hash, message, signature) {
  const [kind, parameters] = parts(parts(der(spki), 0x30)[0], 0x30);
  let algorithm, given = signature;
  if (oidOf(kind) === OID.rsa) algorithm = { name: "RSASSA-PKCS1-v1_5", hash };
  else if (oidOf(kind) === OID.ec && CURVES[oidOf(parameters)]) {
    const [namedCurve, width] = CURVES[oidOf(parameters)];
    algorithm = { name: "ECDSA", namedCurve, hash };
    const numbers = parts(der(signature), 0x30).map((part) => hex(part.body).replace(/^(00)+/, ""));
    if (numbers.length !== 2 || numbers.some((number) => number.length > 2 * width)) return false;
    given = unhex(numbers.map((number) => number.padStart(2 * width, "0")).join(""));
  } else throw new CannotCheck("token");
  const key = await crypto.subtle.importKey("spki", spki, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm, key, given, message);
}

async function isTrusted(certificate, others, authorities, moment, depth = 0) {
  if (moment < certificate.since || moment > certificate.until || depth > 4) return false;
  if (authorities.some((one) => sameBytes(one.body, certificate.body) && one.subject === one.issuer)) return true;
  for (const issuer of [...authorities, ...others]) {
    const constraint = issuer.extensions.get(OID.basicConstraints);
    const mayIssue = constraint && hex(constraint.value).startsWith("0101ff", 4);
    if (issuer.subject !== certificate.issuer || !mayIssue) continue;
    const hash = CERTIFICATE_HASHES[certificate.algorithm];
    if (!hash) throw new CannotCheck("token");
    if (!(await keyHolds(issuer.spki, hash, certificate.body, certificate.signature))) continue;
    if (await isTrusted(issuer, others, authorities, moment, depth + 1)) return true;
  }
  return false;
}

// When the authority saw the message; authorities null: nobody's signature is checked.
async function tokenTime(token, message, authorities) {
  const read = readToken(token);
  if (read.algorithm !== OID.sha256 || !sameBytes(read.digest, await sha256(message)))
    throw new TokenRefused("the timestamp token is for another message");
  if (authorities === null) return read.at;
  if (read.signers.length !== 1) throw new TokenRefused("not one signer");
  const fields = parts(read.signers[0], 0x30);
  const [issuer, serial] = parts(fields[1], 0x30);
  const signer = read.certificates.find((one) => one.issuer === hex(issuer.whole) && one.serial === hex(serial.body));
  const hash = HASHES[oidOf(parts(fields[2], 0x30)[0])];
  const attributes = fields[3];
  if (!signer || !hash || attributes.tag !== 0xa0) throw new TokenRefused("it does not say who signed it");
  const values = new Map(parts(attributes).map((one) => parts(one, 0x30)).map(([oid, set]) => [oidOf(oid), parts(set, 0x31)[0]]));
  const told = values.get(OID.messageDigest)?.body;
  if (!told || !sameBytes(told, new Uint8Array(await crypto.subtle.digest(hash, read.info))))
    throw new TokenRefused("its content was changed");
  if (oidOf(values.get(OID.contentType)) !== OID.tstInfo) throw new TokenRefused("it signs something else");
  const use = signer.extensions.get(OID.extendedUse);
  if (!use?.critical || !parts(der(use.value), 0x30).some((oid) => oidOf(oid) === OID.timeStamping))
    throw new TokenRefused("its signer is no timestamp authority");
  const message_ = joined(Uint8Array.of(0x31), attributes.whole.subarray(1)); // RFC 5652, 5.4: signed as a SET
  if (!(await keyHolds(signer.spki, hash, message_, fields[5].body))) throw new TokenRefused("its signature does not hold");
  if (!(await isTrusted(signer, read.certificates, authorities, read.at)))
    throw new TokenRefused("its signer is not vouched for by the authority");
  return read.at;
}

// the proofs: evidence/proof_checks.py -----------------------------------------------------------------------------

const STATED = ["kind", "moment", "from_at", "to_at", "sealed_at", "sha256", "size_bytes", "media_type"];

class Proofs {
  constructor(claims, read) {
    Object.assign(this, { claims, read, proofs: claims.proofs, faults: [], keys: new Map(), authorities: null, limits: new Set() });
  }

  fault(code, name, what) {
    this.faults.push(fault(code, shownName(name), what));
  }

  async check() {
    await this.readKeys();
    await this.readAuthorities();
    for (const each of this.proofs.statements) {
      const exhibit = this.exhibit(each.exhibit);
      const at_ = exhibit?.sealed_at;
      await this.checkSigned(each, typeof at_ === "string" && isMoment(at_) ? at_ : null);
      await this.checkStatement(each, exhibit);
    }
    this.head = await this.checkHead(this.proofs.head);
    await this.checkLog();
    return this.faults;
  }

  exhibit(file) {
    return this.claims.exhibits.find((exhibit) => exhibit.file === file) ?? null;
  }

  async readKeys() {
    for (const key of this.proofs.keys) {
      const pem = await this.read(key.file);
      if (pem === null) continue;
      const found = publicKey(pem);
      if (found && (await sha256Hex(found)) === key.key_id) this.keys.set(key.key_id, found);
      else this.fault("signature", key.file, "is not the key it should be");
    }
  }

  async readAuthorities() {
    const pem = this.proofs.authorities ? await this.read(this.proofs.authorities) : null;
    if (pem === null) return;
    try {
      const found = ofPem(pem, "CERTIFICATE").map((one) => readCertificate(der(one)));
      if (!found.length) throw new TokenRefused("no certificate");
      this.authorities = found;
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      this.fault("timestamp", this.proofs.authorities, error.message);
    }
  }

  async checkSigned(each, claimedAt) {
    const content = await this.read(each.file);
    if (content === null) return;
    if (each.signature !== null) await this.checkSignature(each, content);
    if (each.token !== null) await this.checkToken(each, content, claimedAt);
  }

  async checkSignature(each, content) {
    const signature = await this.read(each.signature);
    const listed = this.proofs.keys.find((key) => key.key_id === each.key_id);
    if (!listed) return this.fault("signature", each.signature, "is by a key that is not among the keys");
    const key = this.keys.get(listed.key_id);
    if (signature === null || !key) return;
    const holds = await this.limited(() => signatureHolds(key, content, signature));
    if (holds === false) this.fault("signature", each.signature, `is not the signature of ${each.file}`);
    else if (each.signed_at === null || beyond(each.signed_at, listed.valid_from) || (listed.valid_to !== null && beyond(listed.valid_to, each.signed_at)))
      this.fault("signature", each.signature, "was made at a time when its key did not sign");
  }

  async checkToken(each, content, claimedAt) {
    const token = await this.read(each.token);
    if (token === null) return;
    let at_;
    try {
      at_ = await this.limited(() => tokenTime(token, content, this.authorities));
    } catch (error) {
      if (error instanceof CannotCheck) throw error;
      return this.fault("timestamp", each.token, error.message);
    }
    if (at_ === null) return;
    if (each.token_at === null || each.token_at !== at_) this.fault("timestamp", each.token, "holds another time than the manifest says");
    else if (claimedAt !== null && beyond(at_, claimedAt))
      this.fault("timestamp", each.token, "is older than what it is for");
  }

  // What this browser cannot do is said, and is neither a fault nor a proof: null.
  async limited(doing) {
    try {
      return await doing();
    } catch (error) {
      if (!(error instanceof CannotCheck)) throw error;
      this.limits.add(error.message);
      return null;
    }
  }

  async checkStatement(each, exhibit) {
    const content = await this.read(each.file);
    if (content === null || exhibit === null) return;
    let stated;
    try {
      stated = readCanonical(content);
    } catch (error) {
      return this.fault("disagrees", each.file, error.message);
    }
    stated = isObject(stated) ? stated : {};
    const { claims } = this;
    const says = {
      ...Object.fromEntries(STATED.map((name) => [name, exhibit[name] ?? null])),
      exhibit: exhibit.id ?? null,
      incident: claims.incident.id,
      camera: claims.camera.id ?? null,
      geofence: { id: claims.geofence.id ?? null, version: claims.geofence.version ?? null },
      recipe_sha256: await digestOf(exhibit.recipe),
    };
    const different = Object.keys(says).filter((name) => canonical(stated[name] ?? null) !== canonical(says[name]));
    if (different.length) this.fault("disagrees", each.file, different.join(", "));
  }

  async checkHead(each) {
    const content = each ? await this.read(each.file) : null;
    if (content === null) return null;
    let value = null;
    try {
      value = readCanonical(content);
    } catch (error) {
      if (!(error instanceof NotCanonical)) throw error;
    }
    if (!isObject(value) || kindOf(value.size) !== "integer" || !isSha256(value.root)) {
      this.fault("log", each.file, "is no tree head");
      return null;
    }
    await this.checkSigned(each, typeof value.at === "string" && isMoment(value.at) ? value.at : null);
    return { size: value.size, root: unhex(value.root), at: value.at };
  }

  async checkLog() {
    const name = this.proofs.log;
    const content = name ? await this.read(name) : null;
    if (content === null) return;
    this.log = readLog(content);
    if (this.log === null) return this.fault("log", name, "does not read as a list of log entries");
    if (this.head)
      for (const [n, each] of this.log.entries.entries())
        if (each.index !== null && each.index !== undefined) {
          const leaf = await leafHash(utf8.encode(canonical(each.entry)));
          if (!(await includes(leaf, each.index, this.head.size, each.path.map(unhex), this.head.root)))
            this.fault("log", name, `entry ${n + 1} is not in the tree of the head`);
        }
    if (this.proofs.signed_by !== null && this.log.entries.some((each) => (each.index ?? null) === null))
      this.fault("log", name, "has entries without a place in the tree, in a bundle that was signed");
    await this.checkCoverage(this.log.entries.map((each) => each.entry));
    if (this.head) await this.checkHeads();
  }

  async checkHeads() {
    const earlier = new Map();
    for (const each of this.log.earlier)
      if (await isConsistent(each.size, this.head.size, unhex(each.root), this.head.root, each.path.map(unhex)))
        earlier.set(each.size, each.root);
      else this.fault("log", this.proofs.log, `does not go on from the head of size ${each.size}`);
    const witnessed = await this.checkHead(this.proofs.witnessed);
    if (witnessed && earlier.get(witnessed.size) !== hex(witnessed.root))
      this.fault("log", this.proofs.witnessed.file, "is no head that this log goes on from");
  }

  async checkCoverage(entries) {
    const name = this.proofs.log, incident = this.claims.incident.id;
    const logged = new Map(entries.filter((each) => typeof each.reference === "string").map((each) => [each.reference, each]));
    const told = await this.told();
    for (const [reference, digest] of told)
      if (!logged.has(reference)) this.fault("log", name, `does not have ${reference}`);
      else if (digest !== null && logged.get(reference).sha256 !== digest) this.fault("log", name, `has ${reference} with other words`);
    const toldKinds = [`custody/${incident}/`, `transition/${incident}/`, "decision/", "seal/"];
    for (const reference of logged.keys())
      if (toldKinds.some((kind) => reference.startsWith(kind)) && !told.has(reference))
        this.fault("log", name, `has ${reference}, which the manifest does not tell`);
    if (logged.size !== entries.length) this.fault("log", name, "has an entry twice");
  }

  async told() {
    const { claims } = this, incident = claims.incident.id, told = new Map();
    for (const entry of claims.custody.filter(isObject)) told.set(`custody/${incident}/${entry.seq}`, await digestOf(entry));
    for (const event of claims.events.filter(isObject)) told.set(`transition/${incident}/${event.seq}`, await digestOf({ ...event, incident }));
    for (const decision of claims.decisions.filter(isObject)) {
      const points = isObject(decision.four_points) ? decision.four_points : {};
      const said = { incident, four_points: ["true", "clear", "complete", "accurate"].map((name) => points[name] ?? null) };
      for (const name of ["id", "draft_case", "user", "decision", "reason", "at"]) said[name] = decision[name] ?? null;
      told.set(`decision/${decision.id}`, await digestOf(said));
    }
    for (const each of this.proofs.statements) {
      const content = await this.read(each.file);
      told.set(`seal/${this.exhibit(each.exhibit)?.id}`, content === null ? null : await sha256Hex(content));
    }
    return told;
  }
}

// Whether the first moment is earlier than the second by more than clocks may differ.
const beyond = (earlier, later) => Date.parse(later) - Date.parse(earlier) > C.CLOCK_TOLERANCE_S * 1000;
const isMoment = (text) => isInstant(text);

function readLog(content) {
  let log;
  try {
    log = readCanonical(content);
  } catch {
    return null;
  }
  const isPath = (path) => Array.isArray(path) && path.length <= 64 && path.every(isSha256);
  const good =
    isObject(log) && Array.isArray(log.entries) && Array.isArray(log.earlier) &&
    log.entries.every((each) => isObject(each) && isObject(each.entry) && ["integer", "null"].includes(kindOf(each.index)) && isPath(each.path)) &&
    log.earlier.every((each) => isObject(each) && kindOf(each.size) === "integer" && isSha256(each.root) && isPath(each.path));
  return good ? log : null;
}

// the verdict: evidence/verification.py ----------------------------------------------------------------------------

async function judge(contents) {
  const { files } = contents;
  const bytesOf = async (name) => {
    const found = files.get(name);
    return found && found.size <= C.LARGEST_TEXT ? new Uint8Array(await found.blob.arrayBuffer()) : new Uint8Array();
  };
  const sums = readSums(textOf(await bytesOf(C.SUMS)));
  const bySums = sums.get(C.MANIFEST) ?? null;
  const byVerify = /^sha256:([0-9a-f]{64})$/m.exec(textOf(await bytesOf(C.VERIFY)))?.[1] ?? null;
  const witnesses = [bySums, byVerify].filter((digest) => digest !== null);
  const renamed = [...files].find(([, found]) => witnesses.includes(found.sha256))?.[0] ?? null;
  const manifestName = files.has(C.MANIFEST) ? C.MANIFEST : renamed;
  if (manifestName === null && !bySums && !(files.has(C.CUSTODY) && files.has(C.VERIFY)))
    throw new NotABundle(`it has no ${C.MANIFEST}`);
  const actual = manifestName === null ? null : files.get(manifestName).sha256;
  let faults = [];
  let claims = null;
  if (actual !== null && (!witnesses.length || witnesses.includes(actual))) {
    try {
      claims = readCanonical(await bytesOf(manifestName));
    } catch (error) {
      if (!witnesses.length) throw new NotABundle(`its ${C.MANIFEST} is not ours`);
      faults.push(fault("changed", C.MANIFEST, error.message));
    }
    if (claims !== null || !faults.length) {
      if (![C.FORMAT, C.FORMAT_1].includes(isObject(claims) ? claims.format : null)) throw new NotABundle("its format");
      const wrong = malformed(claims);
      faults.push(...wrong.map((what) => fault("disagrees", C.MANIFEST, what)));
      if (wrong.length) claims = null;
    }
  }
  const expected = new Map(sums);
  if (claims === null) {
    if (byVerify !== null) expected.set(C.MANIFEST, byVerify);
  } else {
    expected.clear();
    for (const [name, entry] of Object.entries(claims.files)) expected.set(name, entry.sha256);
    expected.set(C.MANIFEST, actual);
    expected.set(C.VERIFY, await sha256Hex(utf8.encode(verifyText(actual, claims))));
  }
  let proofs = null;
  const read = async (name) => (files.has(name) && files.get(name).sha256 === expected.get(name) ? bytesOf(name) : null);
  if (claims !== null) {
    const signature = await checkManifestSignature(claims, await bytesOf(manifestName), files, sums, expected, bytesOf, read);
    faults.push(...signature.faults, ...(await checkClaims(claims, files)));
    if (claims.format !== C.FORMAT_1) {
      proofs = new Proofs(claims, read);
      if (signature.limit) proofs.limits.add(signature.limit);
      faults.push(...(await proofs.check()));
    }
  }
  faults = [...compare(files, expected, claims !== null || sums.size > 0), ...faults];
  const notOpened = new Set(contents.refusals.map((refusal) => shownName(refusal.name)));
  faults = faults.filter((one) => !(one.code === "missing" && notOpened.has(one.name)));
  faults.push(...contents.refusals.map((refusal) => fault("refused", shownName(refusal.name), refusal.why)));
  faults.push(...(await contents.foreign(expected)).map((part) => fault("container", part, "not as it was written")));
  return { outcome: faults.length ? "not_intact" : "intact", faults, claims, proofs, files, manifestSha256: actual };
}

async function checkManifestSignature(claims, manifest, files, sums, expected, bytesOf, read) {
  const done = async (faults = [], limit = null) => ({ faults, limit });
  const sum = async () => expected.set(C.SUMS, await sha256Hex(utf8.encode(sumsText(expected))));
  if (claims.format === C.FORMAT_1 || claims.proofs.signed_by === null) {
    await sum();
    return done();
  }
  const found = files.get(C.SIGNATURE);
  let holds = null, limit = null;
  const key = claims.proofs.keys.find((one) => one.key_id === claims.proofs.signed_by);
  const pem = key && found ? await read(key.file) : null;
  if (pem !== null) {
    const der_ = publicKey(pem);
    try {
      if (der_) holds = (await sha256Hex(der_)) === key.key_id && (await signatureHolds(der_, manifest, await bytesOf(C.SIGNATURE)));
    } catch (error) {
      if (!(error instanceof CannotCheck)) throw error;
      limit = error.message;
    }
  }
  const shouldBe = found && holds ? found.sha256 : sums.get(C.SIGNATURE) ?? null;
  if (shouldBe !== null) {
    expected.set(C.SIGNATURE, shouldBe);
    await sum();
  }
  if (!found && shouldBe === null) return done([fault("missing", C.SIGNATURE)]);
  if (!found || holds || found.sha256 !== shouldBe || limit) return done([], limit);
  if (holds === false) return done([fault("signature", C.SIGNATURE, "is not the signature of the manifest")]);
  return done(key ? [] : [fault("signature", C.SIGNATURE, "is by a key that is not among the keys")]);
}

function compare(files, expected, complete) {
  const faults = [], strangers = new Map(), namesOf = new Map();
  for (const [name, found] of files) if (!expected.has(name) && name !== C.SUMS) strangers.set(name, found.sha256);
  for (const [name, digest] of expected) namesOf.set(digest, name);
  for (const name of [...new Set([...expected.keys(), C.SUMS, C.VERIFY, C.MANIFEST])].sort(byBytes)) {
    const shouldBe = expected.get(name);
    if (!files.has(name)) {
      const now = [...strangers].find(([, digest]) => digest === shouldBe)?.[0];
      if (now === undefined) faults.push(fault("missing", shownName(name)));
      else {
        strangers.delete(now);
        faults.push(fault("renamed", shownName(name), shownName(now)));
      }
    } else if (shouldBe !== undefined && files.get(name).sha256 !== shouldBe)
      faults.push(fault("changed", shownName(name), namesOf.has(files.get(name).sha256) ? namesOf.get(files.get(name).sha256) : ""));
  }
  if (complete) for (const name of [...strangers.keys()].sort(byBytes)) faults.push(fault("added", shownName(name)));
  return faults;
}

async function checkClaims(claims, files) {
  const faults = contradictions(claims).map((what) => fault("disagrees", C.MANIFEST, what));
  faults.push(...(await custodyBreaks(claims.custody, claims.incident.id)).map((what) => fault("custody", C.CUSTODY, what)));
  faults.push(...(await eventsAndWhatTheyFix(claims)).map((what) => fault("disagrees", C.MANIFEST, what)));
  const recorded = Object.hasOwn(claims.files, C.CUSTODY) ? claims.files[C.CUSTODY] : null;
  if (recorded?.sha256 !== (await digestOf(claims.custody))) faults.push(fault("disagrees", C.CUSTODY, "is not the custody list"));
  for (const [name, entry] of Object.entries(claims.files)) {
    const found = files.get(name);
    if (found && found.sha256 === entry.sha256 && found.size !== entry.size_bytes) faults.push(fault("disagrees", shownName(name), "size"));
  }
  return faults;
}

async function eventsAndWhatTheyFix({ events, geofence, draft, files }) {
  const wrong = [];
  const fence = await digestOf(Object.fromEntries(C.FENCE_TERMS.map((name) => [name, geofence[name] ?? null])));
  for (const { facts } of events.filter(isObject)) {
    if (!isObject(facts)) continue;
    const then = facts[C.FENCE_FACT] ?? null;
    if (then !== null && then !== fence) wrong.push("the fence is not the one by which the incident was opened");
    if (draft === null || !Object.hasOwn(files, C.DRAFT) || !isObject(facts.draft)) continue;
    const same = canonical(facts.draft.version ?? null) === canonical(draft.version ?? null);
    if (same && facts.draft.sha256 !== files[C.DRAFT].sha256) wrong.push("the draft is not the one that was decided on");
  }
  return wrong;
}

// what the person sees ---------------------------------------------------------------------------------------------

const $ = (selector) => document.querySelector(selector);
const urls = [];

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function said(word, values = {}) {
  const filled = (text) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  return [filled(C.words[word].zh), " ", element("span", { class: "en", lang: "en" }, filled(C.words[word].en))];
}

async function checkGiven(make) {
  const box = $("#verdict");
  box.replaceChildren(element("p", {}, ...said("checking")));
  box.dataset.outcome = "checking";
  let verdict;
  try {
    if (!crypto.subtle) throw new CannotCheck("webcrypto");
    verdict = await judge(await make((name) => { box.dataset.at = name; }));
  } catch (error) {
    if (error instanceof NotABundle) return show(box, "not_a_bundle", [element("p", {}, ...said("not_a_bundle", { why: error.message }))]);
    if (error instanceof CannotCheck) return show(box, "unchecked", [element("p", {}, ...said(error.message))]);
    return show(box, "unchecked", [element("p", {}, ...said("failed", { why: String(error) }))]);
  }
  const limits = [...(verdict.proofs?.limits ?? [])];
  const outcome = verdict.outcome === "intact" && limits.length ? "unchecked" : verdict.outcome;
  const lines = [element("p", { class: "outcome" }, ...said(outcome, { files: verdict.files.size }))];
  lines.push(...limits.map((limit) => element("p", { class: "not" }, ...said(limit))));
  if (verdict.claims && verdict.claims.incident.id !== C.incident) lines.push(element("p", { class: "not" }, ...said("another_case", { incident: verdict.claims.incident.id })));
  const faults = verdict.faults.map((one) =>
    element("li", { "data-code": one.code, "data-name": one.name }, element("code", {}, one.name), " ", ...said(`fault_${one.code}`, one), one.what ? ` (${one.what})` : ""),
  );
  if (faults.length) lines.push(element("ul", { class: "faults" }, ...faults));
  lines.push(element("ul", { class: "standings" }, ...standings(verdict).map((line) => element("li", {}, ...line))));
  lines.push(fileTable(verdict));
  showExhibits(verdict);
  show(box, outcome, lines);
}

function show(box, outcome, lines) {
  box.replaceChildren(...lines);
  box.dataset.outcome = outcome;
}

function standings({ claims, proofs, manifestSha256 }) {
  const lines = [said("manifest_digest", { digest: manifestSha256 ?? "—" })];
  if (!claims) return lines;
  if (!proofs) return [...lines, said("older_format")];
  const told = proofs.proofs;
  lines.push(told.signed_by ? said("signed_by", { key: told.signed_by }) : said("unsigned"));
  lines.push(said("statements", { signed: told.statements.filter((each) => each.signature).length, exhibits: claims.exhibits.length }));
  const owed = signedParts(told);
  const tokens = owed.filter((each) => each.token).length;
  lines.push(said(!tokens ? "no_tokens" : proofs.authorities ? "tokens" : "tokens_unchecked", { tokens, owed: owed.length }));
  if (!proofs.head || !proofs.log) return [...lines, said("no_log")];
  const waiting = proofs.log.entries.filter((each) => each.index === null).length;
  lines.push(said("log", { entries: proofs.log.entries.length - waiting, waiting, size: proofs.head.size, root: hex(proofs.head.root), at: proofs.head.at }));
  return lines;
}

function fileTable({ files, faults }) {
  const wrong = new Map(faults.map((one) => [one.name, one.code]));
  const rows = [...files].sort(([a], [b]) => byBytes(a, b)).map(([name, found]) => {
    const code = wrong.get(shownName(name));
    const mark = code ? element("td", { class: "not" }, "✗ ", ...said(`fault_${code}`, { what: "" })) : element("td", {}, "✓");
    return element("tr", { "data-file": name, "data-ok": String(!code) }, mark, element("td", {}, name), element("td", { class: "digest" }, found.sha256));
  });
  return element("details", {}, element("summary", {}, ...said("every_file")), element("table", { class: "wide" }, ...rows));
}

// The page's own pictures and clips are taken from what was checked, and say what came of it.
function showExhibits({ files, faults }) {
  const wrong = new Set(faults.map((one) => one.name));
  urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
  for (const figure of document.querySelectorAll("figure[data-sha256]")) {
    const found = [...files].find(([name, one]) => one.sha256 === figure.dataset.sha256 && !wrong.has(shownName(name)));
    const badge = figure.querySelector(".badge");
    badge.replaceChildren(...said(found ? "exhibit_intact" : "exhibit_not"));
    badge.className = found ? "badge" : "badge not";
    if (!found) continue;
    const url = URL.createObjectURL(new Blob([found[1].blob], { type: figure.dataset.type }));
    urls.push(url);
    const shown = figure.querySelector("img, video");
    if (shown) shown.src = url;
  }
}

async function filesOfEntry(entry, prefix = "") {
  if (entry.isFile) return [[prefix + entry.name, await new Promise((yes, no) => entry.file(yes, no))]];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((yes, no) => reader.readEntries(yes, no));
    if (!some.length) return found;
    for (const each of some) found.push(...(await filesOfEntry(each, `${prefix}${entry.name}/`)));
  }
}

const inside = (named) => named.map(([name, file]) => [name.slice(name.indexOf("/") + 1), file]);

$("#zip").addEventListener("change", (event) => {
  const [file] = event.target.files;
  if (file) checkGiven((told) => contentsOfZip(file, told));
});
$("#folder").addEventListener("change", (event) => {
  const files = [...event.target.files].map((file) => [file.webkitRelativePath, file]);
  if (files.length) checkGiven((told) => contentsOfFolder(inside(files), told));
});
// Choosing the same name again, after it was changed, is a choice too.
for (const input of [$("#zip"), $("#folder")]) input.addEventListener("click", () => { input.value = ""; });
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const entry = event.dataTransfer.items[0]?.webkitGetAsEntry();
  const [file] = event.dataTransfer.files;
  if (entry?.isDirectory) checkGiven(async (told) => contentsOfFolder(inside(await filesOfEntry(entry)), told));
  else if (file) checkGiven((told) => contentsOfZip(file, told));
});
