"""Linear layers of PyTorch that read activations as Emend's integer kernels do: rounded to int8 in blocks of 32.

The gradient passes through the rounding as if it were not there (straight-through, arXiv 1308.3432), which
is what a backward pass through the weights alone computes.
"""

import torch


def round_to_int8(x):
    """Blocks of 32 as whole numbers of 1/127 of their largest."""
    blocks = x.reshape(-1, 32)
    largest = blocks.abs().amax(1, keepdim=True)
    codes = torch.where(largest > 0, (blocks * (127 / largest)).round(), torch.zeros_like(blocks))
    return (codes * (largest / 127)).reshape(x.shape)


class Rounding(torch.autograd.Function):
    """round_to_int8 with the gradient of the identity."""

    @staticmethod
    def forward(_, x):
        return round_to_int8(x)

    @staticmethod
    def backward(_, gradient):
        return gradient


def round_inputs(model):
    """Makes every linear layer of the model read rounded activations."""
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_pre_hook(lambda _, inputs: (Rounding.apply(inputs[0]),))
