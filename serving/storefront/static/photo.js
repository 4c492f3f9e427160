// A shopper's photo: made small in the page, so that neither its size nor its metadata travels.

const LONGEST_PX = 2048;
const QUALITY = 0.92;

/** A photo as a JPEG of at most 2048 pixels a side: `{ blob, url, width, height }`. Raises for what is no picture. */
export async function photoOf(source) {
  const bitmap = await createImageBitmap(source, { imageOrientation: "from-image" });
  const photo = await drawn(bitmap, { x: 0, y: 0, width: bitmap.width, height: bitmap.height });
  bitmap.close();
  return photo;
}

/** What a video shows just now, cut to three by four as the outline is. */
export async function photoOfVideo(video) {
  const [width, height] = [video.videoWidth, video.videoHeight];
  const side = Math.min(width, Math.round((height * 3) / 4));
  const tall = Math.min(height, Math.round((side * 4) / 3));
  return drawn(video, { x: (width - side) / 2, y: (height - tall) / 2, width: side, height: tall });
}

async function drawn(source, { x, y, width, height }) {
  const scale = Math.min(1, LONGEST_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(source, x, y, width, height, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return { blob, url: URL.createObjectURL(blob), width: canvas.width, height: canvas.height };
}

/** Picture files that came by drop, paste or choice; undefined when there is none. */
export function pictureIn(files) {
  return [...(files ?? [])].find((file) => file.type.startsWith("image/")) ?? files?.[0];
}

/** The camera: front one first. `stop` turns its light off. */
export class Camera {
  #stream = null;
  #wanted = null;
  #facing = "user";

  static get exists() {
    return Boolean(navigator.mediaDevices?.getUserMedia);
  }

  get mirrored() {
    return this.#facing === "user";
  }

  /** Shows the camera in `video`. Raises where it may not or can't. */
  async start(video) {
    this.stop();
    const wanted = (this.#wanted = {});
    const picture = { facingMode: this.#facing, width: { ideal: 1440 }, height: { ideal: 1920 } };
    const stream = await navigator.mediaDevices.getUserMedia({ video: picture, audio: false });
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = stream;
    // Whoever left while the browser asked for leave wants no light on.
    if (this.#wanted !== wanted) return this.stop();
    video.srcObject = stream;
    await video.play();
  }

  /** Whether there is another camera to turn to. Known once the first was allowed. */
  async hasAnother() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((each) => each.kind === "videoinput").length > 1;
  }

  turn() {
    this.#facing = this.mirrored ? "environment" : "user";
  }

  stop() {
    this.#wanted = null;
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
  }
}
