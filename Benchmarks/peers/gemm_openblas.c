// Times OpenBLAS's sgemm on one thread. Answers each line of its input, "CASE ROWS INPUTS OUTPUTS SECONDS", with a line
// of JSON: billions of operations a second, the median over samples of at least a millisecond of processor time.
//
// The cases are the three products of a dense layer, all row-major:
//   NN  Y[rows x outputs]   = X[rows x inputs] W[inputs x outputs]
//   NT  dX[rows x inputs]   = dY[rows x outputs] W'
//   TN  dW[inputs x outputs] = X' dY
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char *openblas_get_corename(void);
extern void openblas_set_num_threads(int);

static double seconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec + 1e-9 * time.tv_nsec;
}

static float *filled(size_t count) {
    float *values = aligned_alloc(4096, (count * sizeof(float) + 4095) / 4096 * 4096);
    if (values == NULL) {
        fprintf(stderr, "gemm_openblas: no memory for %zu numbers\n", count);
        exit(1);
    }
    for (size_t i = 0; i < count; i++) values[i] = (float)(i % 17) / 17 - 0.5f;
    return values;
}

static int ascending(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static void product(const char *kind, int rows, int inputs, int outputs, const float *x, const float *w,
                    const float *y, float *result) {
    if (strcmp(kind, "NN") == 0) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, outputs, inputs, 1, x, inputs, w, outputs, 0,
                    result, outputs);
    } else if (strcmp(kind, "NT") == 0) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, inputs, outputs, 1, y, outputs, w, outputs, 0,
                    result, inputs);
    } else {
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, inputs, outputs, rows, 1, x, inputs, y, outputs, 0,
                    result, outputs);
    }
}

int main(void) {
    char line[256], kind[8];
    int rows, inputs, outputs;
    double budget;
    openblas_set_num_threads(1);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "%7s %d %d %d %lf", kind, &rows, &inputs, &outputs, &budget) != 5
            || (strcmp(kind, "NN") != 0 && strcmp(kind, "NT") != 0 && strcmp(kind, "TN") != 0) || rows < 1
            || inputs < 1 || outputs < 1) {
            fprintf(stderr, "gemm_openblas: not \"NN|NT|TN ROWS INPUTS OUTPUTS SECONDS\": %s", line);
            return 2;
        }
        float *x = filled((size_t)rows * inputs), *w = filled((size_t)inputs * outputs);
        float *y = filled((size_t)rows * outputs);
        size_t largest = (size_t)rows * inputs;
        if ((size_t)rows * outputs > largest) largest = (size_t)rows * outputs;
        if ((size_t)inputs * outputs > largest) largest = (size_t)inputs * outputs;
        float *result = filled(largest);
        product(kind, rows, inputs, outputs, x, w, y, result);
        int repeats = 1;
        for (;;) {
            double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
            for (int i = 0; i < repeats; i++) product(kind, rows, inputs, outputs, x, w, y, result);
            if (seconds(CLOCK_PROCESS_CPUTIME_ID) - begin > 1e-3) break;
            repeats *= 2;
        }
        enum { limit = 4096 };
        static double times[limit];
        int count = 0;
        double end = seconds(CLOCK_MONOTONIC) + budget;
        do {
            double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
            for (int i = 0; i < repeats; i++) product(kind, rows, inputs, outputs, x, w, y, result);
            times[count++] = (seconds(CLOCK_PROCESS_CPUTIME_ID) - begin) / repeats;
        } while (count < limit && seconds(CLOCK_MONOTONIC) < end);
        qsort(times, count, sizeof times[0], ascending);
        printf("{\"gflops\": %.6g, \"library\": \"%s, %s\"}\n",
               2.0 * rows * inputs * outputs / times[count / 2] / 1e9, "OpenBLAS", openblas_get_corename());
        fflush(stdout);
        free(x);
        free(w);
        free(y);
        free(result);
    }
    return 0;
}
