"""The one representation: ONNX operators, frozen nodes, exact shapes."""
