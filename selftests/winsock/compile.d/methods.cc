// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of calls that belong to C++: methods, std::bind, lambdas.
 */
#include <cstdlib>
#include <winsock2.h>
#include <ws2tcpip.h>
#include <functional>
#include <memory>
#include <string>

namespace network {

class stream {
public:
	explicit stream(SOCKET s) : s(s) {}
	int send(const std::string &text)
	{
		return ::send(s, text.data(), static_cast<int>(text.size()), 0);
	}
	int recv(char *bytes, int size) { return ::recv(s, bytes, size, 0); }
	bool connect(const sockaddr_in &to)
	{
		return !::connect(s, reinterpret_cast<const sockaddr *>(&to),
				  sizeof(to));
	}
	int select(const timeval *time)
	{
		fd_set set;

		FD_ZERO(&set);
		FD_SET(s, &set);
		return ::select(0, &set, nullptr, nullptr, time);
	}
	int ioctlsocket(DWORD on) { return ::ioctlsocket(s, FIONBIO, &on); }
	int ioctlsocket(u_long on) { return ::ioctlsocket(s, FIONBIO, &on); }
	void shutdown() { ::shutdown(s, SD_BOTH); }
	int bind(const sockaddr *name) { return ::bind(s, name, sizeof(sockaddr_in)); }

private:
	SOCKET s;
};

}

using namespace std;
using namespace std::placeholders;

int use(SOCKET s);

int use(SOCKET s)
{
	network::stream stream(s);
	auto sender = std::bind(&network::stream::send, &stream, _1);
	auto receiver = std::bind(::recv, s, _1, _2, 0);
	function<SOCKET(SOCKET, sockaddr *, int *)> taker = ::accept;
	int (*chooser)(int, fd_set *, fd_set *, fd_set *, const timeval *) = ::select;
	unique_ptr<SOCKET, void (*)(SOCKET *)> owner(&s, [](SOCKET *which) {
		::closesocket(*which);
	});
	char bytes[3];

	return sender("text") + receiver(bytes, 3) + (taker ? 1 : 0) +
	       (chooser ? 1 : 0) + stream.ioctlsocket(DWORD(1));
}
