/* In place of glpk.c where the library is built without GLPK. */
#include "transport.h"
#include "wengert/error.h"

wg_status transport_minimize(const struct transport_problem *problem, const char *op)
{
    (void)problem;
    return wg_error_set(WG_E_STATE, op,
                        "%s: this library was built without GLPK, which solves it: install libglpk-dev, then set up and build anew",
                        op);
}
