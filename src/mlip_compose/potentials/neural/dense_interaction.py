"""The interaction block of graph-pes's MACE with its tensor product in a few dense operations.

e3nn multiplies pairs of irreps one after the other, some fifty small operations on every edge. Here
all pairs are one table of coefficients, which is read from e3nn's own product, so the result and
the parameters are the same. A training step of ``mace-small`` takes about half of the time.
"""

from __future__ import annotations

from itertools import groupby

import torch
from graph_pes import AtomicGraph
from graph_pes.models.e3nn.mace import MACEInteraction


class DenseInteraction(torch.nn.Module):
    """Messages from neighbours, as the block that it replaces makes them.

    With h the features of a neighbour, Y the spherical harmonics of the edge to it and w the
    weights of the paths at its distance, the message of an edge is, for component o of the output
    and channel c,

        m_oc = w_p(o)c  sum_i (sum_k T_koi Y_k) h_ic ,

    where component o belongs to path p(o), a pair of irreps and the irrep of their product.

    Parameters
    ----------
    block
        The block to replace; its parameters are taken over, under the same names.
    """

    table: torch.Tensor
    order: torch.Tensor

    def __init__(self, block: MACEInteraction) -> None:
        super().__init__()
        self.pre_linear = block.pre_linear
        self.weight_generator = block.weight_generator
        self.aggregator = block.aggregator
        self.post_linear = block.post_linear
        self.attribute_mixer = block.attribute_mixer
        self.reshape = block.reshape

        product = block.tp
        self.channels = block.irreps_in[0].mul
        self.dims_in = [ir.dim for _, ir in product.irreps_in1]
        # e3nn sorts the irreps that come out, but keeps the weights in the order of the paths
        order = torch.tensor([path.i_out for path in product.instructions]).argsort()
        dims_out = [ir.dim for _, ir in product.irreps_out]
        self.groups = [(len(list(paths)), dim) for dim, paths in groupby(dims_out)]
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("table", self._table(product, sum(dims_out)), persistent=False)

    def _table(self, product: torch.nn.Module, n_out: int) -> torch.Tensor:
        """Return T as (k, o i): e3nn's product of unit vectors i and k, in the first channel."""
        n_in, n_edge = sum(self.dims_in), product.irreps_in2.dim
        i, k = torch.cartesian_prod(torch.arange(n_in), torch.arange(n_edge)).T
        features = torch.zeros(len(i), n_in, self.channels)
        features[torch.arange(len(i)), i, 0] = 1.0
        columns, start = [], 0
        for dim in self.dims_in:
            columns.append(features[:, start : start + dim].transpose(1, 2).flatten(1))
            start += dim
        with torch.no_grad():
            weights = torch.ones(len(i), product.weight_numel)
            found = product(torch.cat(columns, dim=1), torch.eye(n_edge)[k], weights)
        components, start = [], 0
        for n_paths, dim in self.groups:
            stop = start + n_paths * dim * self.channels
            components.append(found[:, start:stop].view(-1, n_paths, self.channels, dim)[:, :, 0])
            start = stop
        table = torch.cat([c.flatten(1) for c in components], dim=1).view(n_in, n_edge, n_out)
        return table.permute(1, 2, 0).flatten(1).contiguous()

    def forward(
        self,
        node_features: torch.Tensor,
        node_attributes: torch.Tensor,
        sph_harmonics: torch.Tensor,
        radial_basis: torch.Tensor,
        graph: AtomicGraph,
    ) -> torch.Tensor:
        """Make new features (N, channels, components) of all atoms."""
        widths = [self.channels * dim for dim in self.dims_in]
        features = torch.cat(  # (N, i, c)
            [
                part.view(-1, self.channels, dim).transpose(1, 2)
                for part, dim in zip(
                    self.pre_linear(node_features).split(widths, dim=1), self.dims_in, strict=True
                )
            ],
            dim=1,
        )
        neighbours = features.flatten(1).index_select(0, graph.neighbour_list[1])
        neighbours = neighbours.view(-1, sum(self.dims_in), self.channels)
        coupling = (sph_harmonics @ self.table).view(len(neighbours), -1, sum(self.dims_in))
        if len(self.dims_in) == 1:  # scalars
            products = coupling * neighbours
        else:
            products = torch.bmm(coupling, neighbours)  # (E, o, c)
        weights = self.weight_generator(radial_basis).view(len(neighbours), -1, self.channels)
        weights = weights.index_select(1, self.order)

        totals = []
        for product, weight, (n_paths, dim) in zip(
            products.split([n * dim for n, dim in self.groups], dim=1),
            weights.split([n for n, _ in self.groups], dim=1),
            self.groups,
            strict=True,
        ):
            shape = (-1, n_paths, dim, self.channels)
            messages = product.view(shape) * weight.unsqueeze(2)
            total = self.aggregator(messages.flatten(1), graph)
            totals.append(total.view(shape).transpose(2, 3).flatten(1))  # as e3nn stores it
        updated = self.post_linear(torch.cat(totals, dim=1))
        if self.attribute_mixer is not None:
            updated = self.attribute_mixer(updated, node_attributes)
        reshaped: torch.Tensor = self.reshape(updated)
        return reshaped
