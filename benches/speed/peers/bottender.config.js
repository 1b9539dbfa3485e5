module.exports = {
  session: {driver: 'memory', stores: {memory: {maxSize: 500}}},
  initialState: {},
  channels: {
    messenger: {
      enabled: true,
      path: '/webhook',
      pageId: process.env.PAGE,
      accessToken: 'EAAG',
      appId: '1',
      appSecret: process.env.APP_SECRET,
      verifyToken: 'v',
      origin: process.env.GRAPH,
    },
  },
};
