/* The checker of ops. It has no knowledge of single ops: what it needs is in the op's struct, above all its samples. It returns
   its findings as data, so that one test applies it to every op and another to ops with planted faults. */
#ifndef WG_CHECK_H
#define WG_CHECK_H

#ifdef __cplusplus
extern "C" {
#endif

#include "wengert/op.h"

enum { CHECK_MAX_FINDINGS = 24 };

/* check: the name of the check, such as "vjp"; text: case, index and values. */
struct check_finding {
    char check[16];
    char text[400];
};

struct check_report {
    const char *op;
    int cases;           /* combinations of inputs, layout and dtype that were run */
    long comparisons;    /* elements compared */
    double worst;        /* largest error of a derivative against differences, relative to the allowed error */
    int failures, skips; /* how many there were; only the first ones are kept */
    struct check_finding failure[CHECK_MAX_FINDINGS], skipped[CHECK_MAX_FINDINGS];
    char failed[CHECK_MAX_FINDINGS][16]; /* the checks with a failure, each once */
    int n_failed;
};

/* Runs all checks on all samples of op. */
void check_op(const struct wg_op *op, struct check_report *report);

bool check_found(const struct check_report *report, const char *check); /* did that check fail? */
void check_print(const struct check_report *report);

void check_fail(struct check_report *report, const char *check, const char *format, ...) WG_PRINTF(3, 4);
/* Records what was not checked, and why. The same reason is kept once. */
void check_skip(struct check_report *report, const char *check, const char *format, ...) WG_PRINTF(3, 4);

/* got - want| <= atol + rtol |want|, both finite: NaN and infinities fail. */
bool check_close(double got, double want, double rtol, double atol);
/* Equal bits, except that -0 equals 0 and every NaN equals every NaN. */
bool check_same(double got, double want);

/* Counts the work of op's kernel on the operands of c. Operands of c's dtype are replaced by counting cells, except inputs in
   `plain` (a bit set); the others count as read completely. False if op has no kernel that can be counted. */
bool check_count(const char *op, const wg_call *c, unsigned plain, wg_cost *counted);

#ifdef __cplusplus
}
#endif

#endif
