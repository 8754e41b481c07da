# SPDX-License-Identifier: Apache-2.0
"""A recipe for Spack: packages/gantry/package.py of a repository of your own. Untried: nobody has built Gantry with it yet; the tests check no more than
its syntax and that it names each library that the Makefile looks for."""

from spack.package import *


class Gantry(MakefilePackage):
    """Training of image-generating networks (StyleGAN2-ADA, DCGAN, autoencoders, Gaussian mixtures) on CPU clusters with MPI."""

    # Of a release: spack install gantry; of your own sources: spack dev-build, or a file:// address here (make dist).
    url = "file:///usr/src/gantry-1.1.0.tar.gz"

    license("Apache-2.0")

    version("1.1.0")

    variant("benchmarks", default=True, description="The programs of gantry bench")

    depends_on("c", type="build")
    depends_on("gmake", type="build")
    depends_on("pkgconfig", type="build")
    # The Makefile asks pkg-config for `ompi`.
    depends_on("openmpi")
    depends_on("openblas threads=none")
    depends_on("hdf5~mpi")
    depends_on("libpng")
    depends_on("libzip")
    depends_on("jansson")
    depends_on("xxhash")
    depends_on("openssl@3:")
    depends_on("zlib-api")
    depends_on("libjpeg-turbo")
    depends_on("libdeflate")
    depends_on("libwebp+libwebpdemux")
    depends_on("libtiff")
    depends_on("lcms")
    depends_on("libarchive")
    depends_on("cairo+png+svg+ft+fc")

    def variables(self):
        return ["PREFIX={0}".format(self.prefix), "WERROR="] + ([] if "+benchmarks" in self.spec else ["BENCHES="])

    def build(self, spec, prefix):
        make("build/gantry", "bench-programs", *self.variables())

    def install(self, spec, prefix):
        make("install", "install-bench", *self.variables())
