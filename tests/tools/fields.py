# SPDX-License-Identifier: Apache-2.0
"""Files of fields as other programs write them, and what NumPy says their channels are: fields.py FOLDER."""
import sys

import netCDF4
import numpy as np

folder = sys.argv[1]
random = np.random.default_rng(7)
T, H, W, h, w = 12, 8, 12, 4, 3


def file(name):
    return netCDF4.Dataset(f"{folder}/{name}", "w")


def axes(d, height, width, times, units="days since 2000-02-27", calendar="standard", south_first=True, turned=""):
    for name, n in (("time", len(times)), (turned + "lat", height), (turned + "lon", width)):
        d.createDimension(name, None if name == "time" else n)
    t = d.createVariable("time", "f8", ("time",))
    t.units, t.calendar, t.standard_name = units, calendar, "time"
    t[:] = times
    lat = d.createVariable(turned + "lat", "f4", (turned + "lat",))
    lat.units, lat.standard_name = "degrees_north", "latitude"
    middle = (np.arange(height) + 0.5) * 40 / height
    lat[:] = middle if south_first else middle[::-1]
    lon = d.createVariable(turned + "lon", "f4", (turned + "lon",))
    lon.units, lon.standard_name = "degrees_east", "longitude"
    lon[:] = (np.arange(width) + 0.5) * 60 / width


def resized(x, height, width):
    """Of x[..., y, x]: the mean by area down, the line between middles up."""
    for axis, n in ((-2, height), (-1, width)):
        m = x.shape[axis]
        weight = np.zeros((n, m))
        for i in range(n):
            if n < m:
                for k in range(m):
                    weight[i, k] = max(0, min(k + 1, (i + 1) * m / n) - max(k, i * m / n)) * n / m
            else:
                at = min(max((i + 0.5) * m / n - 0.5, 0), m - 1)
                k = min(int(at), m - 2) if m > 1 else 0
                weight[i, k] += 1 - (at - k)
                if m > 1:
                    weight[i, k + 1] += at - k
        x = np.moveaxis(np.tensordot(weight, np.moveaxis(x, axis, 0), 1), 0, axis)
    return x


def normal(x):
    return (x - x.mean()) / (x.std() or 1), x.mean(), x.std() or 1


rain = random.gamma(0.4, 3, (T, H, W)).astype("f4")
with file("fine.nc") as d:
    axes(d, H, W, np.arange(T) + 0.5)
    pr = d.createVariable("pr", "f4", ("time", "lat", "lon"), zlib=True)
    pr.units, pr.standard_name = "kg m-2 s-1", "precipitation_flux"
    pr[:] = rain

# hours since another day, two days later, rows from north to south, packed numbers
heat = 250 + 40 * random.random((T, h, w))
with file("coarse.nc") as d:
    axes(d, h, w, np.arange(T) * 24 + 12, "hours since 2000-02-29 00:00", "gregorian", south_first=False)
    ta = d.createVariable("ta_850", "i2", ("time", "lat", "lon"), fill_value=-32768)
    ta.units, ta.scale_factor, ta.add_offset = "K", 0.002, 270.0
    ta[:] = heat
    ta.set_auto_maskandscale(False)
    heat = ta[:].astype("f8") * 0.002 + 270
    d.createDimension("plev", 2)
    hus = d.createVariable("hus", "f8", ("time", "plev", "lat", "lon"))
    hus[:] = humid = random.random((T, 2, h, w))
with file("large.nc") as d:
    d.createDimension("y", 20)
    d.createDimension("x", 30)
    topo = d.createVariable("topo", "f4", ("y", "x"))
    topo.units = "m"
    topo[:] = ground = random.random((20, 30)).astype("f4") * 3000

north_up = heat[:, ::-1]
both = T - 2
channels = [np.log1p(rain[2:].astype("f8")), resized(north_up[:both].astype("f4").astype("f8"), H, W)]
channels += [resized(humid[:both, k, ::-1].astype("f4").astype("f8"), H, W) for k in range(2)]
channels += [np.broadcast_to(resized(ground.astype("f8"), H, W), (both, H, W))]
made = [normal(c) for c in channels]
np.stack([c[0] for c in made], -1).astype("f4").tofile(f"{folder}/expected")
np.array([c[1:] for c in made]).tofile(f"{folder}/moments")

np.savez(f"{folder}/plain.npz", fine=rain, coarse=heat.astype("f4"))

holes = rain.copy()
holes[1, 2, 3] = np.nan
sea = heat.astype("f4")
sea[:, 0, 0] = 1e20
with file("holes.nc") as d:
    axes(d, H, W, np.arange(T), "days since 2000-01-01", "360_day")
    d.createVariable("pr", "f4", ("time", "lat", "lon"))[:] = holes
with file("sea.nc") as d:
    axes(d, h, w, np.arange(T), "days since 2000-01-01", "360_day")
    sst = d.createVariable("sst", "f4", ("time", "lat", "lon"), fill_value=np.float32(1e20))
    sst[:] = sea
for name, first in (("y2001.nc", 366), ("y2000.nc", 0)):
    with file(name) as d:
        axes(d, H, W, np.arange(3) + first, "days since 2000-01-01")
        d.createVariable("pr", "f4", ("time", "lat", "lon"))[:] = rain[:3] + first
with file("later.nc") as d:
    axes(d, h, w, np.arange(T), "days since 2050-01-01")
    d.createVariable("ta_850", "f4", ("time", "lat", "lon"))[:] = heat
with file("noleap.nc") as d:
    axes(d, h, w, np.arange(T), "days since 2000-02-27", "noleap")
    d.createVariable("ta_850", "f4", ("time", "lat", "lon"))[:] = heat
with file("celsius.nc") as d:
    axes(d, h, w, np.arange(T) + 2.5, "days since 2000-02-27")
    ta = d.createVariable("ta_850", "f4", ("time", "lat", "lon"))
    ta.units = "degC"
    ta[:] = heat
with file("months.nc") as d:
    axes(d, h, w, np.arange(T), "months since 2000-02-27")
    d.createVariable("ta_850", "f4", ("time", "lat", "lon"))[:] = heat
with file("empty.nc") as d:
    axes(d, h, w, [])
    d.createVariable("ta_850", "f4", ("time", "lat", "lon"))

# what negative numbers of integers mean: nobody wrote one of "gaps", and "bytes" has none
with file("integers.nc") as d:
    axes(d, H, W, np.arange(T) + 0.5)
    d.set_auto_maskandscale(False)
    counted = np.arange(T * H * W).reshape(T, H, W) % 200
    for name, of, values in (
        ("bytes", "i1", counted.astype("u1").view("i1")),
        ("gaps", "i2", np.where(counted == 3, -32767, counted)),
        ("wide", "i4", np.where(counted == 3, -2147483647, counted)),
    ):
        v = d.createVariable(name, of, ("time", "lat", "lon"))
        v.set_auto_maskandscale(False)
        if name == "bytes":
            v._Unsigned, v.scale_factor = "true", 0.5
        v[:] = values
# two axes of time and two of rows in one file
with file("two_times.nc") as d:
    axes(d, H, W, np.arange(T) + 0.5)
    later = d.createVariable("later", "f8", (d.createDimension("later", T).name,))
    later.units, later[:] = "days since 2000-02-27", np.arange(T) + 4.5
    d.createVariable("tas", "f4", ("time", "lat", "lon"))[:] = rain
    d.createVariable("zg", "f4", ("later", "lat", "lon"))[:] = rain
    d.createVariable("down", "f4", (d.createDimension("down", H).name,))[:] = (np.arange(H)[::-1] + 0.5) * 5
    d.createVariable("southward", "f4", ("time", "down", "lon"))[:] = rain
with netCDF4.Dataset(f"{folder}/old.nc", "w", format="NETCDF3_CLASSIC") as d:
    d.createDimension("x", 4)
    d.createVariable("pr", "f4", ("x",))[:] = 1

# fields whose cells lie elsewhere than those of "fine" and "y2000"
def placed(name, variable, height, width, lat=None, lon=None, order=("lat", "lon"), times=None):
    with file(name) as d:
        axes(d, height, width, np.arange(T) + 0.5 if times is None else times)
        for axis, values in (("lat", lat), ("lon", lon)):
            if values is not None:
                d[axis][:] = values
        sizes = [d.dimensions[axis].size for axis in order]
        d.createVariable(variable, "f4", ("time", *order))[:] = random.random((d.dimensions["time"].size, *sizes))


placed("half_on.nc", "ta", h, w, lon=(np.arange(w) + 1) * 20)  # half a cell of its own to the east
placed("east.nc", "ta", h, w, lon=(np.arange(w) + 1.6) * 20)
placed("west.nc", "ta", H, W, lon=(np.arange(W) + 0.5) * 5 - 360)
placed("larger.nc", "ta", h, w, lon=(np.arange(w) - 0.5) * 40)
placed("lon_lat.nc", "ta", W, H, order=("lon", "lat"))
placed("points.nc", "ta", 5, 4, lat=np.linspace(2.5, 37.5, 5), lon=np.linspace(2.5, 57.5, 4))
placed("up_down.nc", "pr", H, W, lat=(np.arange(H)[::-1] + 0.5) * 5, times=np.arange(3) + 800)
placed("moved.nc", "pr", H, W, lon=(np.arange(W) + 1.5) * 5, times=np.arange(3) + 800)


# a rotated pole as CORDEX has it: latitudes and longitudes are of the cells, the axes those of the turned grid
def rotated(name, variable, height, width, values):
    with file(name) as d:
        axes(d, height, width, np.arange(T) + 0.5, turned="r")
        for axis in "latitude", "longitude":
            v = d["r" + axis[:3]]
            v.units, v.standard_name, v.long_name = "degrees", "grid_" + axis, axis + " in rotated pole grid"
        rlon, rlat = np.meshgrid(d["rlon"][:], d["rlat"][:])
        for axis, units, of in (("lat", "degrees_north", rlat + rlon / 8), ("lon", "degrees_east", rlon - rlat / 4)):
            v = d.createVariable(axis, "f8", ("rlat", "rlon"))
            v.units, v.standard_name = units, {"lat": "latitude", "lon": "longitude"}[axis]
            v[:] = of
        pole = d.createVariable("rotated_pole", "S1")
        pole.grid_mapping_name = "rotated_latitude_longitude"
        pole.grid_north_pole_latitude, pole.grid_north_pole_longitude = 39.25, -162.0
        pole.towgs84 = np.array([0.5, -1, 2])
        v = d.createVariable(variable, "f4", ("time", "rlat", "rlon"), zlib=True)
        v.units, v.cell_methods, v.coordinates, v.grid_mapping = "mm d-1", "time: mean", "lat lon", "rotated_pole"
        v[:] = values
        d.title = "a regional model"


rotated("rotated.nc", "pr", H, W, rain)
# axes without numbers: the latitudes and longitudes of the cells are all there is
with file("curved.nc") as d, netCDF4.Dataset(f"{folder}/rotated.nc") as of:
    for dimension, n in (("time", T), ("y", H), ("x", W)):
        d.createDimension(dimension, n)
    t = d.createVariable("time", "f8", ("time",))
    t.units, t[:] = of["time"].units, of["time"][:]
    for axis in "lat", "lon":
        v = d.createVariable(axis, "f8", ("y", "x"))
        v.setncatts(of[axis].__dict__)
        v[:] = of[axis][:]
    v = d.createVariable("pr", "f4", ("time", "y", "x"))
    v.units, v.coordinates = "mm d-1", "lon lat"
    v[:] = rain
