/* The checker of ops. It knows no op: what it needs stands in the op's struct, its samples above all. It returns what it finds as data,
   so that one test asks it about every op and another about ops with planted faults. */
#ifndef WG_CHECK_H
#define WG_CHECK_H

#ifdef __cplusplus
extern "C" {
#endif

#include "wengert/op.h"

enum { CHECK_MAX_FINDINGS = 24 };

/* check: which one of the checks, a word such as "vjp"; text: case, place and numbers. */
struct check_finding {
    char check[16];
    char text[400];
};

struct check_report {
    const char *op;
    int cases;           /* inputs x layout x dtype that were run */
    long comparisons;    /* numbers compared */
    double worst;        /* largest error of a derivative against differences, in units of what is allowed */
    int failures, skips; /* how many there were; the first ones are kept */
    struct check_finding failure[CHECK_MAX_FINDINGS], skipped[CHECK_MAX_FINDINGS];
    char failed[CHECK_MAX_FINDINGS][16]; /* the checks that had a failure, each once */
    int n_failed;
};

/* Runs all checks on all samples of op. */
void check_op(const struct wg_op *op, struct check_report *report);

bool check_found(const struct check_report *report, const char *check); /* a failure in that check */
void check_print(const struct check_report *report);

void check_fail(struct check_report *report, const char *check, const char *format, ...) WG_PRINTF(3, 4);
/* What was not checked, and why. The same reason is kept once. */
void check_skip(struct check_report *report, const char *check, const char *format, ...) WG_PRINTF(3, 4);

/* |got - want| <= atol + rtol |want|, both finite: NaN and infinities fail. */
bool check_close(double got, double want, double rtol, double atol);
/* The same number: bits count, but -0 is 0 and NaN is NaN. */
bool check_same(double got, double want);

/* The work that op's kernel does on the operands of c. Those of c's dtype, but for the inputs in plain (a bit each), are replaced by
   counting cells; the others count whole. False if op has no kernel that can be counted. */
bool check_count(const char *op, const wg_call *c, unsigned plain, wg_cost *counted);

#ifdef __cplusplus
}
#endif

#endif
