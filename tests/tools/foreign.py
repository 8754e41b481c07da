#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stand-ins, true to their formats, for datasets that cannot be downloaded: CIFAR, MNIST, TFRecords, numpy archives.

Sample (y, x, c) of image i is (7 i + 3 y + 5 x + 11 c) mod 251, the class of image i is i mod 10 (CIFAR-100: i mod 100 and
i mod 20). CIFAR's pickles come as Python 2 wrote them (the published files) and as Python 3 writes them.
Usage: foreign.py FOLDER [full]     `full`: with as many images as the originals, CIFAR and MNIST only"""
import gzip
import io
import os
import pickle
import struct
import sys
import tarfile

import numpy as np

out = sys.argv[1]
full = len(sys.argv) > 2


def images(first, n, h, w, c):
    i, y, x, k = np.ogrid[first : first + n, 0:h, 0:w, 0:c]
    return ((7 * i + 3 * y + 5 * x + 11 * k) % 251).astype(np.uint8)


# ---- pickles as cPickle of Python 2 wrote them with protocol 2 ----


class Python2Pickle:
    def __init__(self):
        self.parts = [b"\x80\x02"]
        self.memos = 0

    def memo(self):
        self.parts.append(b"q" + bytes([self.memos]) if self.memos < 256 else b"r" + struct.pack("<I", self.memos))
        self.memos += 1

    def add(self, v):
        p = self.parts
        if isinstance(v, (str, bytes)):
            b = v.encode() if isinstance(v, str) else v
            p += [b"U" + bytes([len(b)]) if len(b) < 256 else b"T" + struct.pack("<I", len(b)), b]
            self.memo()
        elif isinstance(v, int):
            p.append(b"K" + bytes([v]) if 0 <= v < 256 else b"M" + struct.pack("<H", v) if 0 <= v < 65536 else b"J" + struct.pack("<i", v))
        elif isinstance(v, list):
            p.append(b"]")
            self.memo()
            for begin in range(0, len(v), 1000):
                p.append(b"(")
                for item in v[begin : begin + 1000]:
                    self.add(item)
                p.append(b"e")
        elif isinstance(v, dict):
            p.append(b"}")
            self.memo()
            p.append(b"(")
            for key, item in v.items():
                self.add(key)
                self.add(item)
            p.append(b"u")
        elif isinstance(v, np.ndarray):
            self.add_array(v)
        return self

    def add_array(self, a):
        p = self.parts
        p.append(b"cnumpy.core.multiarray\n_reconstruct\n")
        self.memo()
        p.append(b"cnumpy\nndarray\n")
        self.memo()
        p.append(b"K\x00\x85")
        self.memo()
        self.add("b")
        p.append(b"\x87")
        self.memo()
        p.append(b"R")
        self.memo()
        p.append(b"(K\x01")
        for side in a.shape:
            self.add(side)
        p.append(b"\x86")
        self.memo()
        p.append(b"cnumpy\ndtype\n")
        self.memo()
        self.add("u1")
        p.append(b"K\x00K\x01\x87")
        self.memo()
        p.append(b"R")
        self.memo()
        p.append(b"(K\x03")
        self.add("|")
        p.append(b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t")
        self.memo()
        p.append(b"b\x89")
        self.add(a.tobytes())
        p.append(b"t")
        self.memo()
        p.append(b"b")

    def bytes(self):
        return b"".join(self.parts) + b"."


def pickled(v, protocol):
    return Python2Pickle().add(v).bytes() if protocol == "py2" else pickle.dumps(v, protocol)


def tar(name, folder, members):
    with tarfile.open(os.path.join(out, name), "w:gz", compresslevel=1) as t:
        for member, data in members:
            info = tarfile.TarInfo(f"{folder}/{member}")
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))


def planes(first, n):
    return np.ascontiguousarray(images(first, n, 32, 32, 3).transpose(0, 3, 1, 2).reshape(n, 3072))


def cifar10(name, protocol, n):
    members = [("readme.html", b"<html>"), ("batches.meta", pickled({"num_cases_per_batch": n, "label_names": [f"name{k}" for k in range(10)]}, protocol))]
    for b in (3, 1, 2, 5, 4):  # not in order
        first = (b - 1) * n
        batch = {"batch_label": f"training batch {b} of 5", "labels": [i % 10 for i in range(first, first + n)], "data": planes(first, n),
                 "filenames": [f"thing_{i:06d}.png" for i in range(first, first + n)]}
        members.append((f"data_batch_{b}", pickled(batch, protocol)))
    members.append(("test_batch", pickled({"labels": [0], "data": planes(0, 1)}, protocol)))
    tar(name, "cifar-10-batches-py", members)


def cifar100(name, protocol, n):
    train = {"fine_labels": [i % 100 for i in range(n)], "coarse_labels": [i % 20 for i in range(n)], "data": planes(0, n)}
    meta = {"fine_label_names": [f"fine{k}" for k in range(100)], "coarse_label_names": [f"coarse{k}" for k in range(20)]}
    tar(name, "cifar-100-python", [("meta", pickled(meta, protocol)), ("train", pickled(train, protocol)), ("file.txt~", b"")])


def mnist(prefix, n, h, w):
    i = images(0, n, h, w, 1)
    with gzip.open(os.path.join(out, f"{prefix}-images-idx3-ubyte.gz"), "wb", 1) as f:
        f.write(struct.pack(">IIII", 0x803, n, h, w) + i.tobytes())
    with gzip.open(os.path.join(out, f"{prefix}-labels-idx1-ubyte.gz"), "wb", 1) as f:
        f.write(struct.pack(">II", 0x801, n) + bytes(k % 10 for k in range(n)))


os.makedirs(out, exist_ok=True)
if full:
    cifar10("cifar-10-python.tar.gz", "py2", 10000)
    mnist("train", 60000, 28, 28)
    sys.exit()

for protocol in ("py2", 2, 3, 4, 5):
    cifar10(f"cifar-10-{protocol}.tar.gz", protocol, 3)
cifar100("cifar-100-python.tar.gz", "py2", 130)
mnist("train", 12, 28, 28)
mnist("odd", 5, 10, 12)


class Evil:
    def __reduce__(self):
        return os.system, ("touch pwned",)


tar("cifar-10-evil.tar.gz", "cifar-10-batches-py", [("data_batch_1", pickle.dumps({"labels": [Evil()], "data": planes(0, 1)}, 2))])

# ---- TFRecords ----

table = []
for k in range(256):
    for _ in range(8):
        k = (k >> 1) ^ (0x82F63B78 if k & 1 else 0)
    table.append(k)


def masked(data):
    crc = 0xFFFFFFFF
    for b in data:
        crc = table[(crc ^ b) & 255] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def varint(v):
    b = b""
    while v > 127:
        b += bytes([v & 127 | 128])
        v >>= 7
    return b + bytes([v])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def record(image, packed):
    c, h, w = image.shape
    shape = field(1, b"".join(varint(v) for v in (c, h, w))) if packed else b"".join(b"\x08" + varint(v) for v in (c, h, w))
    entries = [field(1, field(1, b"shape") + field(2, field(3, shape))), field(1, field(1, b"data") + field(2, field(1, field(1, image.tobytes()))))]
    data = field(1, b"".join(entries if packed else entries[::-1]))
    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


os.makedirs(os.path.join(out, "records"), exist_ok=True)
for level in (2, 3, 4):
    with open(os.path.join(out, "records", f"set-r{level:02d}.tfrecords"), "wb") as f:
        for i in range(9):
            f.write(record(images(i, 1, 2**level, 2**level, 3)[0].transpose(2, 0, 1), i % 2))
with open(os.path.join(out, "records", "set-rxx.labels"), "wb") as f:
    np.save(f, np.eye(10, dtype=np.float32)[np.arange(9) % 10])

# ---- numpy ----

np.save(os.path.join(out, "hwc.npy"), images(0, 5, 8, 6, 3))
np.save(os.path.join(out, "grey.npy"), images(0, 5, 8, 6, 1)[..., 0])
np.save(os.path.join(out, "chw16.npy"), images(0, 5, 20, 24, 3).transpose(0, 3, 1, 2).copy().astype(np.uint16) * 257)
np.save(os.path.join(out, "f64.npy"), images(0, 5, 8, 6, 2) / 256.0)
np.save(os.path.join(out, "objects.npy"), np.array([{}, []], dtype=object), allow_pickle=True)
np.save(os.path.join(out, "fortran.npy"), np.asfortranarray(images(0, 5, 8, 6, 3)))
np.savez(os.path.join(out, "plain.npz"), x_train=images(0, 11, 8, 6, 3), y_train=np.arange(11)[:, None] % 10, x_test=images(0, 2, 8, 6, 3))
np.savez_compressed(os.path.join(out, "packed.npz"), images=images(0, 11, 64, 64, 3), labels=np.arange(22).reshape(11, 2) / 8)
