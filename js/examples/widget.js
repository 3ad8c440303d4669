import { mountClassifier } from "./dist/widget.js";

mountClassifier(document.getElementById("here"), "sentiment.safetensors", { title: "sentiment-zh-en", text: "东西还行,但是服务态度差" });
