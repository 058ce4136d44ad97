/* The loop of seifas/drill/flood_loop.py, in C: the same plans, three times as many requests a second.
 *
 * Reads a plan in the plain form that native.py writes, sends it, and prints what became of it in the same plain form.
 * Only native.py starts it, after flood_plan.checked() has seen that the plan stays on loopback.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif
#define STATUSES 600
#define FAILURES 2000
#define AT_A_TIME 64

typedef struct conn {
    int fd, stream, known;          /* known: bytes of `start` */
    uint32_t turn;                  /* which use of this place it is: what still waits for an older one is told by it */
    char start[12];
    const char *left; size_t left_n; /* of the head, still to be sent */
    char *answer; size_t answer_n, answer_room;
    double began, drip_at;
} conn;

typedef struct { uint32_t place, turn; double deadline; } wait_for;

typedef struct {
    double rate, timeout, begins, ends, drip_s;
    uint32_t first, sources, stride;
    int whole, n_heads, at_once, n_open, port;
    char *wanted, *drip; size_t wanted_n, drip_n;
    char **heads; size_t *heads_n;
    char *came; long distinct;      /* by place: has it sent? */
    long total, begun, sent, answered, good, refused, lost, late, unsent, bytes_in;
    uint32_t *seconds;              /* [second][STATUSES] */
    float *ms; size_t ms_n, ms_room;
    float failed[FAILURES]; int failed_n;
    wait_for *waits; size_t w_head, w_tail, w_room; /* ring */
} stream;

static stream *streams; static int n_streams, n_seconds, poll_fd, at_once, n_open;
static conn *conns; static int *free_places; static int n_free;
static struct sockaddr_in target; static double begin;

static void *taken(void *p) { if (!p) { fputs("no memory\n", stderr); exit(3); } return p; }
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static void broken(const char *what) { fprintf(stderr, "%s\n", what); exit(2); }

static char *bytes(size_t *n) {
    if (scanf("%zu", n) != 1 || getchar() != '\n') broken("a plan that does not parse");
    char *p = taken(malloc(*n + 1));
    if (fread(p, 1, *n, stdin) != *n) broken("a plan that ends too early");
    p[*n] = 0;
    return p;
}

static void failed(stream *s, double when) { if (s->failed_n < FAILURES) s->failed[s->failed_n++] = when - begin; }

static void end(conn *c, int good) {
    stream *s = &streams[c->stream];
    if (!good) failed(s, c->began);
    close(c->fd); c->fd = -1; c->turn++; n_open--; s->n_open--;
    free(c->answer); c->answer = NULL;
    free_places[n_free++] = (int)(c - conns);
}

static void wait_add(stream *s, conn *c, double deadline) {
    size_t next = (s->w_tail + 1) % s->w_room;
    if (next == s->w_head) {
        size_t n = s->w_room * 2, k = 0;
        wait_for *w = taken(malloc(n * sizeof *w));
        for (size_t i = s->w_head; i != s->w_tail; i = (i + 1) % s->w_room) w[k++] = s->waits[i];
        free(s->waits); s->waits = w; s->w_head = 0; s->w_tail = k; s->w_room = n; next = k + 1;
    }
    s->waits[s->w_tail] = (wait_for){(uint32_t)(c - conns), c->turn, deadline};
    s->w_tail = next;
}

static void open_one(int number) {
    stream *s = &streams[number];
    uint32_t place = (uint32_t)((uint64_t)s->begun * s->stride % s->sources);
    double t = now(); int one = 1;
    struct linger linger = {1, 0};
    struct sockaddr_in from = {.sin_family = AF_INET};
    s->begun++;
    if (n_open >= at_once || s->n_open >= s->at_once) { s->unsent++; failed(s, t); return; }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) { s->unsent++; failed(s, t); return; }
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    from.sin_addr.s_addr = htonl(s->first + place);
    s->sent++;
    if (!s->came[place]) { s->came[place] = 1; s->distinct++; }
    target.sin_port = htons((uint16_t)s->port);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) ||
        (connect(fd, (struct sockaddr *)&target, sizeof target) && errno != EINPROGRESS && errno != EAGAIN)) {
        close(fd); s->refused++; failed(s, t); return;
    }
    conn *c = &conns[free_places[--n_free]];
    n_open++; s->n_open++;
    c->fd = fd; c->stream = number; c->known = 0; c->began = t; c->answer_n = c->answer_room = 0;
    c->left = s->heads[place % s->n_heads]; c->left_n = s->heads_n[place % s->n_heads];
    /* Over loopback the handshake is over when connect returns, so that one system call is spared. */
    ssize_t n = send(fd, c->left, c->left_n, MSG_NOSIGNAL);
    if (n > 0) { c->left += n; c->left_n -= (size_t)n; }
    struct epoll_event e = {.events = EPOLLIN | (c->left_n ? EPOLLOUT : 0), .data.u32 = (uint32_t)(c - conns)};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &e)) broken("epoll_ctl");
    wait_add(s, c, t + (s->drip_n ? s->drip_s : s->timeout));
}

static void keep(conn *c, const char *piece, size_t n) {
    if (c->answer_n + n > c->answer_room) {
        c->answer_room = (c->answer_n + n) * 2;
        c->answer = taken(realloc(c->answer, c->answer_room));
    }
    memcpy(c->answer + c->answer_n, piece, n);
    c->answer_n += n;
}

static void told(conn *c) {
    stream *s = &streams[c->stream];
    if (!c->known) { s->lost++; end(c, 0); return; }
    int status = 0, second = (int)(c->began - begin);
    if (c->known == 12 && !memcmp(c->start, "HTTP/1.", 7)) status = atoi((char[]){c->start[9], c->start[10], c->start[11], 0});
    if (status < 0 || status >= STATUSES) status = 0;
    if (second >= n_seconds) second = n_seconds - 1;
    s->answered++; s->seconds[second * STATUSES + status]++;
    int good = s->wanted_n ? memmem(c->answer, c->answer_n, s->wanted, s->wanted_n) != NULL : status == 200;
    if (good) {
        s->good++;
        if (s->ms_n == s->ms_room) s->ms = taken(realloc(s->ms, (s->ms_room = s->ms_room * 2 + 1024) * sizeof(float)));
        s->ms[s->ms_n++] = (float)((now() - c->began) * 1000);
    }
    end(c, good);
}

static void look(conn *c, uint32_t events) {
    static char piece[65536];
    stream *s = &streams[c->stream];
    if (events & EPOLLOUT && c->left_n) {
        ssize_t n = send(c->fd, c->left, c->left_n, MSG_NOSIGNAL);
        if (n < 0) { if (errno == EAGAIN) return; s->refused++; end(c, 0); return; }
        c->left += n; c->left_n -= (size_t)n;
        if (!c->left_n) {
            struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)(c - conns)};
            epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->fd, &e);
        }
    }
    if (!(events & ~(uint32_t)EPOLLOUT)) return;
    ssize_t n = recv(c->fd, piece, sizeof piece, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) {
        s->bytes_in += n;
        size_t more = (size_t)n < 12 - (size_t)c->known ? (size_t)n : 12 - (size_t)c->known;
        memcpy(c->start + c->known, piece, more); c->known += (int)more;
        if (s->wanted_n) keep(c, piece, (size_t)n);
        if (s->whole || c->known < 12) return;
    }
    told(c);
}

static void expire(double t, int over) {
    for (int i = 0; i < n_streams; i++) {
        stream *s = &streams[i];
        while (s->w_head != s->w_tail) {
            wait_for w = s->waits[s->w_head];
            conn *c = &conns[w.place];
            int gone = c->turn != w.turn;
            if (!gone && w.deadline > t && !(over && s->drip_n)) break;
            s->w_head = (s->w_head + 1) % s->w_room;
            if (gone) continue;
            if (!s->drip_n) { s->late++; end(c, 0); continue; }
            if (over) { end(c, 0); continue; }
            if (send(c->fd, s->drip, s->drip_n, MSG_NOSIGNAL) < 0) { /* what the server closed is told by epoll */ }
            wait_add(s, c, t + s->drip_s);
        }
    }
}

static int by_size(const void *a, const void *b) { float x = *(const float *)a, y = *(const float *)b; return (x > y) - (x < y); }
static double at(stream *s, double share) {
    if (!s->ms_n) return 0;
    size_t i = (size_t)((double)s->ms_n * share);
    return s->ms[i < s->ms_n ? i : s->ms_n - 1];
}

int main(void) {
    char host[64]; int port; double seconds, patience = 0;
    if (scanf("%63s %d %lf %d %d", host, &port, &seconds, &at_once, &n_streams) != 5) broken("a plan that does not parse");
    target.sin_family = AF_INET;
    if (inet_pton(AF_INET, host, &target.sin_addr) != 1 || (ntohl(target.sin_addr.s_addr) >> 24) != 127) broken("not loopback");
    n_seconds = (int)ceil(seconds) + 1;
    streams = taken(calloc((size_t)n_streams, sizeof *streams));
    for (int i = 0; i < n_streams; i++) {
        stream *s = &streams[i];
        if (scanf("%lf %u %u %u %lf %lf %lf %lf %d %d %d %d", &s->rate, &s->first, &s->sources, &s->stride, &s->timeout,
                  &s->begins, &s->ends, &s->drip_s, &s->whole, &s->at_once, &s->port,
                  &s->n_heads) != 12) broken("a stream that does not parse");
        s->wanted = bytes(&s->wanted_n); s->drip = bytes(&s->drip_n);
        s->heads = taken(calloc((size_t)s->n_heads, sizeof *s->heads));
        s->heads_n = taken(calloc((size_t)s->n_heads, sizeof *s->heads_n));
        for (int k = 0; k < s->n_heads; k++) s->heads[k] = bytes(&s->heads_n[k]);
        s->total = (long)((s->ends - s->begins) * s->rate);
        s->seconds = taken(calloc((size_t)n_seconds * STATUSES, sizeof *s->seconds));
        s->came = taken(calloc(s->sources, 1));
        s->waits = taken(malloc((s->w_room = 4096) * sizeof *s->waits));
        if (s->timeout > patience) patience = s->timeout;
    }
    conns = taken(calloc((size_t)at_once, sizeof *conns));
    free_places = taken(calloc((size_t)at_once, sizeof *free_places));
    for (int i = 0; i < at_once; i++) free_places[n_free++] = i;
    poll_fd = epoll_create1(0);
    struct epoll_event found[512];
    struct timespec wall; clock_gettime(CLOCK_REALTIME, &wall);
    begin = now();
    double over = begin + seconds, t;
    while ((t = now()) < over || (n_open && t < over + patience + 0.1)) {
        int left = 0;
        for (int i = 0; i < n_streams && t < over; i++) {
            stream *s = &streams[i];
            double window = t - begin - s->begins;
            if (window < 0) continue;
            long due = (long)(window * s->rate) + 1;
            due = (due < s->total ? due : s->total) - s->begun;
            for (int k = 0; k < due && k < AT_A_TIME; k++) open_one(i);
            if (due > AT_A_TIME) left = 1;
        }
        int n = epoll_wait(poll_fd, found, 512, left ? 0 : 1);
        for (int i = 0; i < n; i++) look(&conns[found[i].data.u32], found[i].events);
        expire(now(), t >= over);
    }
    printf("%ld %.3f\n", wall.tv_sec * 1000L + wall.tv_nsec / 1000000L, now() - begin);
    for (int i = 0; i < n_streams; i++) {
        stream *s = &streams[i];
        qsort(s->ms, s->ms_n, sizeof *s->ms, by_size);
        printf("%ld %ld %ld %ld %ld %ld %ld %ld %ld %.2f %.2f %.2f\n", s->distinct, s->sent, s->answered, s->good, s->refused,
               s->lost, s->late, s->unsent + s->total - s->begun, s->bytes_in, at(s, 0.5), at(s, 0.99),
               s->ms_n ? s->ms[s->ms_n - 1] : 0.0);
        for (int k = 0; k < n_seconds; k++)
            for (int v = 0; v < STATUSES; v++)
                if (s->seconds[k * STATUSES + v]) printf("%d %d %u ", k, v, s->seconds[k * STATUSES + v]);
        printf("\n");
        for (int k = 0; k < s->failed_n; k++) printf("%.2f ", s->failed[k]);
        printf("\n");
    }
    return 0;
}
