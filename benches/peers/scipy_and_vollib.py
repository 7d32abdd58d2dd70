"""Black-76 by numpy with scipy, and by fast-vollib, on the inputs of a file; prints million prices a second of each."""

import sys
import time

import numpy as np
from scipy.special import ndtr


def black76(forward, strike, volatility, years, discount, sign):
    s = volatility * np.sqrt(years)
    d1 = np.log(forward / strike) / s + 0.5 * s
    return discount * sign * (forward * ndtr(sign * d1) - strike * ndtr(sign * (d1 - s)))


def best(name, price, count):
    price()
    times = []
    for _ in range(9):
        start = time.perf_counter()
        for _ in range(20):
            price()
        times.append((time.perf_counter() - start) / 20)
    print(f"{name} {count / sorted(times)[len(times) // 2] / 1e6:.1f}")


data = np.fromfile(sys.argv[1], dtype=np.float64)
count = int(np.fromfile(sys.argv[1], dtype=np.uint64, count=1)[0])
forward, strike, volatility, years, discount, sign = (data[1 + i * count : 1 + (i + 1) * count] for i in range(6))
best("numpy+scipy", lambda: black76(forward, strike, volatility, years, discount, sign), count)
try:
    from fast_vollib import fast_black
except ImportError:
    sys.exit()
flag = np.where(sign > 0, "c", "p")
rate = -np.log(discount) / years
for backend in ("numpy", "numba"):
    try:
        best(
            f"fast-vollib({backend})",
            lambda: fast_black(flag, forward, strike, years, rate, volatility, return_as="numpy", backend=backend),
            count,
        )
    except Exception as error:  # noqa: BLE001 - a backend that is not there is not measured
        print(f"fast-vollib({backend}) not measured: {error}", file=sys.stderr)
