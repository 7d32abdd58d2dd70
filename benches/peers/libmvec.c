/* Black-76 as a C programmer would write it for a vectorising compiler: the peer of the goal black76_vs_libmvec.
   gcc -O3 -march=native -ffast-math turns log and erf into calls of glibc's vector library. */
#include <math.h>
#include <stddef.h>

void black76(size_t count, const double *restrict forward, const double *restrict strike, const double *restrict volatility,
             const double *restrict time, const double *restrict discount, const double *restrict sign,
             double *restrict price)
{
    for (size_t i = 0; i < count; i++) {
        double s = volatility[i] * sqrt(time[i]);
        double d1 = log(forward[i] / strike[i]) / s + 0.5 * s;
        double d2 = d1 - s;
        double w = sign[i];
        double n1 = 0.5 + 0.5 * erf(w * d1 * M_SQRT1_2);
        double n2 = 0.5 + 0.5 * erf(w * d2 * M_SQRT1_2);
        price[i] = discount[i] * w * (forward[i] * n1 - strike[i] * n2);
    }
}
