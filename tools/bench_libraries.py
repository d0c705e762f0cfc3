"""General libraries running one recurrent layer the way their documents recommend, one thread, fp32: for bench_peers.py.

A library is a class with `name`, a constructor that raises ImportError where it is not installed, `version`, `layer(shape,
weights)` and `empty()`. Both return a Call: `run()` computes once, inputs and outputs being bound beforehand, and
`outputs()` gives the hidden states [steps, rows, units] of the last run. The states that go in are always zero.
"""
import numpy as np

GATES = {"lstm": 4, "gru": 3}


class Shape:
    """rows x steps of a layer as wide as its input."""

    def __init__(self, cell, units, rows, steps):
        self.cell, self.units, self.rows, self.steps = cell, units, rows, steps

    def __str__(self):
        return f"{self.cell} {self.units} {self.rows} {self.steps}"

    def inputs(self):
        flat = closed_form(self.steps * self.rows, self.units, 5).astype(np.float32)
        return np.ascontiguousarray(flat.reshape(self.steps, self.rows, self.units))

    def zero_state(self):
        return np.zeros((1, self.rows, self.units), np.float32)


def closed_form(rows, columns, salt):
    """The numbers of tests/bench/kernel/shape.h."""
    a = np.arange(rows, dtype=np.uint64)[:, None]
    b = np.arange(columns, dtype=np.uint64)[None, :]
    mixed = (31 * a * b + 7919 * a + 104729 * b + 1299709 * salt) % 65521
    return mixed.astype(np.float64) / 65521 - 0.5


class Weights:
    """w, u [gates x units, units] and b_w, b_u [gates x units]; gates i, f, g, o or r, z, n."""

    def __init__(self, cell, units):
        outputs, scale = GATES[cell] * units, 4 / np.sqrt(units)
        self.w = (scale * closed_form(outputs, units, 1)).astype(np.float32)
        self.u = (scale * closed_form(outputs, units, 2)).astype(np.float32)
        self.b_w = (closed_form(outputs, 1, 3)[:, 0] / 4).astype(np.float32)
        self.b_u = (closed_form(outputs, 1, 4)[:, 0] / 4).astype(np.float32) if cell == "gru" else 0 * self.b_w

    def in_order(self, order):
        def pick(array):
            parts = np.split(array, len(order))
            return np.concatenate([parts[gate] for gate in order])
        return pick(self.w), pick(self.u), pick(self.b_w), pick(self.b_u)


class Call:
    def __init__(self, run, outputs=None, keep=()):
        self.run, self.outputs, self.keep = run, outputs, keep


# ONNX models, for the two libraries that read them.

class OnnxModel:
    """A serialised model with the arrays to bind to its inputs and outputs."""

    def __init__(self, nodes, inputs, outputs, constants):
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        def infos(arrays):
            return [helper.make_tensor_value_info(n, TensorProto.FLOAT, list(a.shape)) for n, a in arrays.items()]
        self.inputs, self.outputs = inputs, outputs
        graph = helper.make_graph([helper.make_node(*args, **attributes) for args, attributes in nodes], "layer",
                                  infos(inputs), infos(outputs),
                                  [numpy_helper.from_array(value, name) for name, value in constants.items()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        self.bytes = model.SerializeToString()

    @staticmethod
    def layer(shape, weights):
        lstm = shape.cell == "lstm"
        w, u, b_w, b_u = weights.in_order([0, 3, 1, 2] if lstm else [1, 0, 2])  # i, o, f, c; z, r, h
        inputs = {"x": shape.inputs(), "h": shape.zero_state()}
        outputs = {"y": np.zeros((shape.steps, 1, shape.rows, shape.units), np.float32), "y_h": shape.zero_state()}
        if lstm:
            inputs["c"], outputs["y_c"] = shape.zero_state(), shape.zero_state()
        node = (("LSTM" if lstm else "GRU", ["x", "w", "u", "b", "", *list(inputs)[1:]], list(outputs)),
                {"hidden_size": shape.units, **({} if lstm else {"linear_before_reset": 1})})
        return OnnxModel([node], inputs, outputs, {"w": w[None], "u": u[None], "b": np.concatenate([b_w, b_u])[None]})

    @staticmethod
    def identity():
        array = np.zeros((1, 1), np.float32)
        return OnnxModel([(("Identity", ["x"], ["y"]), {})], {"x": array}, {"y": array.copy()}, {})


class OnnxRuntime:
    name = "onnxruntime"

    def __init__(self):
        import onnx  # noqa: F401  the models are made with it
        import onnxruntime
        self.library, self.version = onnxruntime, onnxruntime.__version__
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = self.options.inter_op_num_threads = 1

    def call(self, model):
        session = self.library.InferenceSession(model.bytes, self.options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        make = self.library.OrtValue.ortvalue_from_numpy
        values = {name: make(array) for name, array in {**model.inputs, **model.outputs}.items()}
        for name in model.inputs:
            binding.bind_ortvalue_input(name, values[name])
        for name in model.outputs:
            binding.bind_ortvalue_output(name, values[name])
        return Call(lambda: session.run_with_iobinding(binding), lambda: values["y"].numpy(), (model, values))

    def layer(self, shape, weights):
        return self.call(OnnxModel.layer(shape, weights))

    def empty(self):
        return self.call(OnnxModel.identity())


class OpenVino:
    name = "openvino"

    def __init__(self):
        import onnx  # noqa: F401  the models are made with it
        import openvino
        self.library, self.version = openvino, openvino.__version__.split("-")[0]
        self.core = openvino.Core()
        # f32: where the processor has bf16 tiles, OpenVINO would use them.
        self.config = {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1,
                       "ENABLE_CPU_PINNING": False}

    def call(self, model):
        compiled = self.core.compile_model(self.core.read_model(model.bytes), "CPU", self.config)
        request = compiled.create_infer_request()
        for name, array in {**model.inputs, **model.outputs}.items():
            request.set_tensor(name, self.library.Tensor(array, shared_memory=True))
        return Call(lambda: request.infer(share_outputs=True), lambda: model.outputs["y"], (model, compiled))

    def layer(self, shape, weights):
        return self.call(OnnxModel.layer(shape, weights))

    def empty(self):
        return self.call(OnnxModel.identity())


class Torch:
    name = "torch"

    def __init__(self):
        import torch
        self.library, self.version = torch, torch.__version__.split("+")[0]
        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
        self.inference_mode = torch.inference_mode()  # for the whole process: it ends with this object
        self.inference_mode.__enter__()

    def layer(self, shape, weights):
        torch = self.library
        lstm = shape.cell == "lstm"
        module = (torch.nn.LSTM if lstm else torch.nn.GRU)(shape.units, shape.units).eval()
        arrays = {"weight_ih_l0": weights.w, "weight_hh_l0": weights.u, "bias_ih_l0": weights.b_w,
                  "bias_hh_l0": weights.b_u}
        module.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
        x, h = torch.from_numpy(shape.inputs()), torch.from_numpy(shape.zero_state())
        state = (h, h.clone()) if lstm else h
        return Call(lambda: module(x, state), lambda: module(x, state)[0].numpy())

    def empty(self):
        module, x = self.library.nn.Identity(), self.library.zeros(1, 1)
        return Call(lambda: module(x))


def installed(names):
    """The libraries of these names that are there; says which are not."""
    found = []
    for library in (OnnxRuntime, OpenVino, Torch):
        if library.name not in names:
            continue
        try:
            found.append(library())
        except ImportError as error:
            print(f"bench_peers: without {library.name}: {error}")
    return found
