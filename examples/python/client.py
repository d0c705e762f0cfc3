#!/usr/bin/env python3
"""Streams measurements to a Sequent server from Python; needs only the generated stubs.

    python3 -m venv .venv                                   # Debian: package python3-venv
    .venv/bin/pip install grpcio==1.66.2 grpcio-tools==1.66.2
    .venv/bin/python -m grpc_tools.protoc -I proto \
        --python_out=examples/python --grpc_python_out=examples/python sequent/v1/predictor.proto
    .venv/bin/python examples/python/client.py localhost:8001 melbourne 20.7 17.9 18.8

Steps are numbered and the session's life has an epoch, so sending a request again is always safe: the
server applies it once and repeats its answer.
"""
import random
import sys
import uuid

import grpc
from sequent.v1 import predictor_pb2 as pb
from sequent.v1 import predictor_pb2_grpc as rpc


def requests(session_id, model, values):
    """One request per value, all on one stream."""
    epoch = random.getrandbits(63) | 1
    for step, value in enumerate(values, start=1):
        yield pb.PredictStreamRequest(requests=[pb.PredictRequest(
            session_id=session_id, epoch=epoch, step=step,
            start=step == 1, model=model if step == 1 else "", end=step == len(values),
            floats=pb.FloatSteps(values=[value], width=1))])


def main():
    if len(sys.argv) < 4:
        sys.exit(f"usage: {sys.argv[0]} HOST:PORT MODEL VALUE...")
    address, model, values = sys.argv[1], sys.argv[2], [float(v) for v in sys.argv[3:]]
    with grpc.insecure_channel(address) as channel:
        stub = rpc.PredictorStub(channel)
        for message in stub.PredictStream(requests(f"python/{uuid.uuid4()}", model, values)):
            for answer in message.responses:
                if answer.status.code:
                    sys.exit(f"step {answer.step}: {pb.Reason.Name(answer.status.reason)}: "
                             f"{answer.status.message}")
                for head in answer.heads:
                    forecast = head.distribution.mean if head.HasField("distribution") else head.values
                    print(f"after step {answer.step}: {head.name} = {list(forecast.values)}")


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
