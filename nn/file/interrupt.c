/* Being stopped: a signal is noted, and the program asks for it between two steps. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "wengert/error.h"
#include "wengert/run.h"

/* Dispositions of signals belong to the process, and so does this. caught: between catch and release. */
static volatile sig_atomic_t came;
static atomic_flag caught = ATOMIC_FLAG_INIT;
static struct sigaction before[3];
static const int signals[3] = {SIGINT, SIGTERM, SIGXFSZ};

static void note(int signal)
{
    if (!came)
        came = signal;
}

/* Puts back the first n. */
static void put_back(int n)
{
    for (int i = 0; i < n; i++)
        (void)sigaction(signals[i], &before[i], NULL); /* has succeeded for this signal already */
}

wg_status wg_interrupt_catch(void)
{
    const char *op = "interrupt_catch";
    if (atomic_flag_test_and_set(&caught))
        return wg_error_set(WG_E_STATE, op, "%s: signals are caught already: wg_interrupt_release comes first", op);
    came = 0;
    for (int i = 0; i < 3; i++) {
        struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
        if (signals[i] == SIGXFSZ)
            action.sa_handler = SIG_IGN;
        if (sigaction(signals[i], &action, &before[i]) == 0)
            continue;
        const int code = errno;
        put_back(i);
        atomic_flag_clear(&caught);
        return wg_error_set(WG_E_STATE, op, "%s: signal %d: %s", op, signals[i], strerror(code));
    }
    return WG_OK;
}

int wg_interrupt_pending(void)
{
    return came;
}

void wg_interrupt_release(void)
{
    if (atomic_flag_test_and_set(&caught)) {
        put_back(3);
        came = 0;
    }
    atomic_flag_clear(&caught);
}
