// A host as the official bridge makes one: tools are called by the test (callTool), which asks a real server.
import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

const frame = document.getElementById("view");
const heights = [];

window.open_view = async (hostContext, capabilities) => {
  const bridge = new AppBridge(null, { name: "test host", version: "1" }, capabilities, { hostContext });
  const initialized = new Promise((resolve) => { bridge.oninitialized = resolve; });
  bridge.onsizechange = ({ height }) => {
    heights.push(height);
    frame.style.height = `${height}px`;
  };
  bridge.oncalltool = async (params) => window.callTool(params);
  window.bridge = bridge;
  window.heights = heights;
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  frame.src = "http://view.test/";
  await initialized;
};
window.ready = true;
