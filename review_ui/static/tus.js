// One file on its way by tus 1.0.0, in pieces that each bring their checksum. Whatever breaks, it asks the site how much
// there is and goes on from there. The address of an upload is remembered under the file's fingerprint, so that the same
// file chosen again after a reload goes on too. Nothing of the file itself is remembered.

const PIECE_BYTES = 8 * 1024 * 1024;
const PASSING = new Set([408, 423, 429, 460, 500, 502, 503, 504]);
const GIVEN_UP_AFTER = 12; // tries without a byte of progress
const LONGEST_WAIT_MS = 30_000;
const REMEMBERED = "upload:";

export class Refused extends Error {}

const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const base64Text = (text) => base64(new TextEncoder().encode(text));

export const fingerprint = (file, recorder) =>
  REMEMBERED + JSON.stringify([recorder, file.name, file.size, file.lastModified]);

// What was begun in this browser and not ended, as [recorder, name, size, time].
export function leftBefore() {
  const keys = Array.from({ length: localStorage.length }, (_, place) => localStorage.key(place));
  return keys.filter((key) => key.startsWith(REMEMBERED)).map((key) => JSON.parse(key.slice(REMEMBERED.length)));
}

export class Upload {
  constructor(file, recorder, token, told) {
    Object.assign(this, { file, recorder, token, told });
    this.key = fingerprint(file, recorder);
    this.sent = 0;
    this.paused = false;
    this.over = false;
    this.abort = null;
    this.ending = null;
    this.wake = () => {};
  }

  pause() {
    this.paused = true;
    this.abort?.abort();
  }

  goOn() {
    this.paused = false;
    this.wake();
  }

  end() {
    this.over = true;
    this.abort?.abort();
    this.wake();
    this.ending = this.takeBack();
  }

  // The site may still have the last piece in its hands. What cannot be taken back it gives up by itself after days.
  async takeBack() {
    const address = localStorage.getItem(this.key);
    localStorage.removeItem(this.key);
    for (let tries = 0; address && tries < GIVEN_UP_AFTER; tries += 1) {
      try {
        await this.ask("DELETE", address, {}, undefined, [404, 409, 410]);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }

  // Resolves when every byte is there, or it was ended. Throws Refused with the site's sentence.
  async run() {
    let tries = 0;
    let offset = null;
    while (!this.over && offset !== this.file.size) {
      if (this.paused) {
        this.told("paused");
        await new Promise((resolve) => (this.wake = resolve));
        offset = null;
        continue;
      }
      this.told("sending");
      try {
        const next = offset === null ? await this.whereItIs() : await this.piece(offset);
        if (next === null || next === offset) throw new TypeError("no progress");
        [offset, tries] = [next, 0];
        this.sent = offset;
      } catch (error) {
        if (error instanceof Refused) {
          if (this.over) break;
          localStorage.removeItem(this.key);
          throw error;
        }
        if (this.over || this.paused) continue;
        offset = null;
        tries += 1;
        if (tries > GIVEN_UP_AFTER) throw error;
        this.told("waits");
        await this.rest(Math.min(500 * 2 ** tries, LONGEST_WAIT_MS));
      }
    }
    if (this.over) await this.ending;
    else localStorage.removeItem(this.key);
  }

  rest(milliseconds) {
    return new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, milliseconds);
    });
  }

  async whereItIs() {
    const address = localStorage.getItem(this.key);
    if (!address) return this.begin();
    const answer = await this.ask("HEAD", address, {}, undefined, [404, 410]);
    if (!answer.ok) {
      localStorage.removeItem(this.key);
      return this.begin();
    }
    return Number(answer.headers.get("upload-offset"));
  }

  async begin() {
    const named = { filename: this.file.name, recorder: this.recorder };
    const metadata = Object.entries(named).map(([key, value]) => `${key} ${base64Text(value)}`).join(",");
    const headers = { "upload-length": String(this.file.size), "upload-metadata": metadata };
    const answer = await this.ask("POST", "/uploads", headers);
    localStorage.setItem(this.key, new URL(answer.headers.get("location"), location.href).pathname);
    return 0;
  }

  async piece(offset) {
    const bytes = await this.file.slice(offset, offset + PIECE_BYTES).arrayBuffer();
    const headers = { "content-type": "application/offset+octet-stream", "upload-offset": String(offset) };
    if (crypto.subtle) { // browsers have it by https, and on the machine itself
      headers["upload-checksum"] = `sha256 ${base64(await crypto.subtle.digest("SHA-256", bytes))}`;
    }
    const answer = await this.ask("PATCH", localStorage.getItem(this.key), headers, bytes, [409]);
    return answer.ok ? Number(answer.headers.get("upload-offset")) : this.whereItIs();
  }

  async ask(method, address, headers = {}, body = undefined, bearable = []) {
    this.abort = new AbortController();
    const own = { "tus-resumable": "1.0.0", "x-csrf-token": this.token };
    const signal = method === "DELETE" ? undefined : this.abort.signal;
    const answer = await fetch(address, { method, headers: { ...own, ...headers }, body, signal, redirect: "error" });
    if (answer.ok || bearable.includes(answer.status)) return answer;
    if (PASSING.has(answer.status)) throw new TypeError(`status ${answer.status}`);
    const isSentence = answer.headers.get("content-type")?.startsWith("text/plain");
    throw new Refused(isSentence ? await answer.text() : String(answer.status));
  }
}
