"""Files: ONNX and model folders."""
