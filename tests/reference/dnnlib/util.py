# SPDX-License-Identifier: Apache-2.0
"""Stands in for the part of the reference implementation that tables of options are made of (docs/networks.md#pickled-modules)."""


class EasyDict(dict):
    """A dict whose items are attributes, too."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name, value):
        self[name] = value
