// The microphone while it is held: opened at the press, closed at the end, and what was said as a WAV file (16 bit,
// one channel). It makes the WAV itself, so that the server has nothing to decode.

const RATE_HZ = 16_000; // telephone loudspeakers play 8000
const TAIL_MS = 200; // the sound is a little behind the hand; the last syllable is said all the same
const WHY = { NotAllowedError: "notAllowed", SecurityError: "notAllowed", NotFoundError: "none", OverconstrainedError: "none" };

export class MicrophoneRefused extends Error {
  // why: notAllowed, none, busy or insecure
  constructor(why, cause) {
    super(why, { cause });
    this.why = why;
  }
}

// onLevel: called with the loudness, 0 to 1. Throws MicrophoneRefused.
export async function openMicrophone(onLevel) {
  if (!navigator.mediaDevices?.getUserMedia) throw new MicrophoneRefused("insecure");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (error) {
    throw new MicrophoneRefused(WHY[error.name] ?? "busy", error);
  }
  const blocks = [];
  const context = new AudioContext();
  const close = () => {
    stream.getTracks().forEach((track) => track.stop());
    return context.close();
  };
  try {
    await context.audioWorklet.addModule("/static/capture_worklet.js");
    const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
    capture.port.addEventListener("message", ({ data }) => {
      blocks.push(data);
      onLevel(Math.max(...data.map(Math.abs)));
    });
    capture.port.start();
    context.createMediaStreamSource(stream).connect(capture);
    await context.resume();
  } catch (error) {
    await close();
    throw new MicrophoneRefused("busy", error);
  }
  return {
    close,
    // What was said: { wav, seconds }, of at most longestS.
    async finish(longestS) {
      await new Promise((done) => setTimeout(done, TAIL_MS));
      await close();
      const samples = resampled(joined(blocks), context.sampleRate).subarray(0, Math.floor(longestS * RATE_HZ));
      return { wav: asWav(samples), seconds: samples.length / RATE_HZ };
    },
  };
}

function joined(blocks) {
  const whole = new Float32Array(blocks.reduce((count, block) => count + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}

// The mean over each new sample's time, so that what is above the new rate does not fold back.
function resampled(samples, rateHz) {
  const step = rateHz / RATE_HZ;
  if (step <= 1) return Float32Array.from({ length: Math.floor(samples.length / step) }, (_, n) => samples[Math.floor(n * step)]);
  return Float32Array.from({ length: Math.floor(samples.length / step) }, (_, n) => {
    const from = Math.floor(n * step);
    const to = Math.max(Math.floor((n + 1) * step), from + 1);
    let sum = 0;
    for (let at = from; at < to; at += 1) sum += samples[at];
    return sum / (to - from);
  });
}

function asWav(samples) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, word) => [...word].forEach((sign, n) => view.setUint8(at + n, sign.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, RATE_HZ, true);
  view.setUint32(28, 2 * RATE_HZ, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, n) => view.setInt16(44 + 2 * n, Math.round(Math.min(Math.max(sample, -1), 1) * 32767), true));
  return new Blob([view.buffer], { type: "audio/wav" });
}
