/* Runs a peer on the inputs of a file and says how long a pass over them takes.

   peer INPUT OUTPUT PASSES
   INPUT:  count as a 64-bit integer, then forward, strike, volatility, time, discount and sign (1 call, -1 put) as columns of doubles.
   OUTPUT: the prices. Standard output: the seconds of all passes together. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void black76(size_t count, const double *forward, const double *strike, const double *volatility, const double *time,
             const double *discount, const double *sign, double *price);

int main(int arguments, char **argument)
{
    if (arguments != 4) return 2;
    FILE *input = fopen(argument[1], "rb");
    uint64_t count;
    if (!input || fread(&count, sizeof count, 1, input) != 1) return 1;
    double *column[7];
    for (int i = 0; i < 7; i++) {
        /* A vector's alignment, and a size that is a multiple of it. */
        column[i] = aligned_alloc(64, (count * sizeof(double) + 63) / 64 * 64);
        if (!column[i]) return 1;
        if (i < 6 && fread(column[i], sizeof(double), count, input) != count) return 1;
    }
    fclose(input);
    long passes = atol(argument[3]);
    struct timespec start, end;
    black76(count, column[0], column[1], column[2], column[3], column[4], column[5], column[6]);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long pass = 0; pass < passes; pass++) {
        black76(count, column[0], column[1], column[2], column[3], column[4], column[5], column[6]);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.9f\n", (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec));
    FILE *output = fopen(argument[2], "wb");
    return output && fwrite(column[6], sizeof(double), count, output) == count && fclose(output) == 0 ? 0 : 1;
}
