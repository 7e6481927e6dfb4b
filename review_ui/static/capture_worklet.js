// Runs on the browser's sound thread: hands every block of the microphone's first channel to the page.

class Capture extends AudioWorkletProcessor {
  process([channels]) {
    if (channels.length) this.port.postMessage(channels[0].slice());
    return true;
  }
}

registerProcessor("capture", Capture);
